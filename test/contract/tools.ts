import type {
  Broker,
  Fetcher,
  GroupMember,
  GroupMemberOptions,
  Producer,
} from '../../runtime/broker/broker.ts'

/** What the suite of all brokers has set up. */
export interface ContractTools {
  readonly broker: () => Broker
  /** Closes it after the test. */
  readonly track: <T extends { close(): Promise<void> }>(client: T) => T
  readonly newTopic: (partitions?: number) => Promise<string>
  readonly fetcher: () => Fetcher
  readonly producer: () => Producer
  readonly member: (
    groupId: string,
    topic: string,
    extra?: Partial<GroupMemberOptions>,
  ) => GroupMember
}
