import type { BrokerError } from './errors.ts'
import type { RecordBatch } from './record-batch.ts'

/**
 * What the runtime asks of Kafka. Two implementations, one contract suite: `kafka-broker.ts` speaks the wire
 * protocol, `embedded-broker.ts` keeps everything in memory for dev mode and tests.
 *
 * Batches stay raw on the way in and on the way out: the port never hands out one object per record.
 */
export interface Broker {
  readonly admin: BrokerAdmin
  /** An idempotent producer; order is kept per partition. */
  producer(): Producer
  /** A producer whose batches and offsets take effect together, or not at all. */
  transactionalProducer(options: TransactionalOptions): TransactionalProducer
  /** Reads partitions by position, outside any group. Workers and changelog restore both use it. */
  fetcher(options: FetcherOptions): Fetcher
  /** A member of a classic consumer group, static when `instanceId` is given. */
  groupMember(options: GroupMemberOptions): GroupMember
  /** What the cluster denies the clients of this broker at the moment, for lack of rights. */
  readonly denial: Denial | undefined
  close(): Promise<void>
}

export interface Denial {
  readonly error: BrokerError
  /** Milliseconds since the epoch. */
  readonly since: number
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A partition and the offset of the next record to read or commit. */
export interface PartitionOffset extends TopicPartition {
  readonly offset: number
  /** Of the topic that the offset is of, where known: one that is created anew keeps its name and gets another id. */
  readonly topicId?: string
  /** A word of the reader's own, kept with the offset that it commits. */
  readonly note?: string
}

export interface TopicDescription {
  readonly name: string
  readonly partitions: number
}

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  /** Unset: the broker's default. */
  readonly replicationFactor?: number
  readonly config?: Readonly<Record<string, string>>
}

export interface BrokerAdmin {
  /** Topics that do not exist are absent from the result; this never creates one. */
  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>
  /** Creates what is missing; a topic that exists already is left as it is. */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  listOffsets(
    partitions: readonly TopicPartition[],
    at: ListedOffset,
  ): Promise<readonly PartitionOffset[]>
  /** Removes what lies before these offsets, for good. */
  deleteRecords(before: readonly PartitionOffset[]): Promise<void>
}

/** `latest` is the end of what can be read now; beyond it, up to the high watermark, transactions are open. */
export type ListedOffset = 'earliest' | 'latest' | 'highWatermark'

export interface Producer {
  /**
   * Queues one record batch (v2, base offset 0) as a `RecordBatchBuilder` makes it; the producer stamps producer id, epoch,
   * sequence and CRC into it. `release` is called once nobody needs its bytes any more; after a failure it may not be. A
   * failure is kept and thrown by the next `flush`; what is sent until then is dropped, as it would follow a gap. A single
   * record that its topic does not take fails with `RecordTooLarge`.
   */
  send(to: TopicPartition, batch: Buffer, release?: () => void): void
  /** Resolves once every batch sent so far is acknowledged by all in-sync replicas; throws the first failure. */
  flush(): Promise<void>
  /** The offset after the last batch of the partition that was acknowledged; undefined before the first. */
  writtenUpTo(partition: TopicPartition): number | undefined
  /** For how many milliseconds the cluster has told it to be quiet, in all: a quota is at work. */
  readonly throttledMs: number
  /** Bytes sent and not yet acknowledged: the back-pressure signal. */
  readonly pendingBytes: number
  /** Resolves once `pendingBytes` is at most `bytes`. */
  drainTo(bytes: number): Promise<void>
  close(): Promise<void>
}

export interface TransactionalOptions {
  /** Whoever comes later under the same id fences this producer. */
  readonly transactionalId: string
  /** A transaction that is open for longer is aborted by the brokers. */
  readonly transactionTimeoutMs: number
}

/**
 * A transaction begins with its first batch or offset; `commit` and `abort` do nothing where none has begun. Readers see
 * the whole of it once it is committed. `flush` and the methods here throw `ProducerFenced` when somebody else has the id
 * now, and `TransactionFailed` when the transaction cannot be committed any more: what came of it is then for `abort`,
 * and what its maker holds in memory is not the truth.
 */
export interface TransactionalProducer extends Producer {
  /**
   * Takes the id over: whoever has it is fenced, and what they left open is aborted. To be called before the first batch,
   * and after `ProducerFenced` by a producer that knows that it is the one to go on.
   */
  takeOver(): Promise<void>
  /** Makes the offsets of a group part of the transaction; `GroupMember.commit` says which. */
  addOffsets(groupId: string): Promise<TransactionalIdentity>
  /** Notes that a request under this identity went unanswered: if it arrives late, the next transaction must not take it. */
  doubt(): void
  /** Flushes, and makes all that was sent since the last end visible. */
  commit(): Promise<void>
  /** Drops all that was sent since the last end; late requests of it are refused. */
  abort(): Promise<void>
}

/** In whose name a request about a transaction is made. */
export interface TransactionalIdentity {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly epoch: number
}

export interface FetcherOptions {
  /** Cap on bytes a poll returns; one batch larger than it is still returned whole. */
  readonly maxBytes: number
}

export interface FetchedPartition extends TopicPartition {
  /** As `PartitionOffset` has it. */
  readonly topicId?: string
  /** Where this read began. The first batch may start before it: records below are to be skipped. */
  readonly position: number
  /** In offset order; control batches and aborted transactions are left out. Who is done with one may `release` it. */
  readonly batches: readonly RecordBatch[]
  /** Where the next read begins, when what was left out lies between it and the last batch. */
  readonly nextOffset?: number
  /** Offset after the last record a consumer may see now; lag is this minus the position. */
  readonly highWatermark: number
  /** When the broker's answer came, on the monotonic clock. */
  readonly receivedAt: number
}

export interface Fetcher {
  /** Starts reading at `offset`, or moves there. */
  assign(at: PartitionOffset): void
  unassign(partition: TopicPartition): void
  /** A paused partition keeps its position and is not fetched. */
  pause(partition: TopicPartition): void
  resume(partition: TopicPartition): void
  /** As `Producer` has it. */
  readonly throttledMs: number
  /** The next offset that `poll` will return for the partition; undefined if not assigned. */
  position(partition: TopicPartition): number | undefined
  /** When, by the monotonic clock, it was last known that nothing lies beyond the position; undefined: something may. */
  drainedAt(partition: TopicPartition): number | undefined
  /** Somebody waits to hear whether anything lies there: an answer that there is nothing comes soon, and ends a waiting poll. */
  hurry(partition: TopicPartition): void
  /**
   * Waits up to `maxWaitMs` for records, [] if none came. Retries what is transient (leader moves, dropped connections)
   * by itself. Throws `OffsetOutOfRange` when a position is no longer (or not yet) in the log, `TOPIC_RECREATED` when it is
   * one of a topic that was deleted and created anew.
   */
  poll(maxWaitMs: number): Promise<readonly FetchedPartition[]>
  /** Ends a waiting poll at once with []. */
  wake(): void
  /** Takes in what has come meanwhile, for who works long between two polls. Absent where nothing comes by sockets. */
  takeIn?(): Promise<void>
  close(): Promise<void>
}

export interface GroupMemberOptions {
  readonly groupId: string
  /** group.instance.id: a member that comes back under it takes its partitions over without a rebalance. */
  readonly instanceId?: string
  readonly topics: readonly string[]
  /** Sent to the assignor with the subscription; read anew at each join. The id is '' where the group is to give one. */
  readonly userData?: (memberId: string) => Buffer
  readonly assign: GroupAssignor
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

/** Runs on the elected leader only. Pure: subscriptions and partition counts in, assignment out. */
export type GroupAssignor = (
  members: readonly GroupSubscription[],
  partitionCounts: ReadonlyMap<string, number>,
) => ReadonlyMap<string, GroupShare>

/** What one member gets. */
export interface GroupShare {
  readonly partitions: readonly TopicPartition[]
  /** What the leader has to tell this member beside. */
  readonly userData?: Buffer
}

/** What `join` gives. */
export interface Membership extends GroupShare {
  /** Another than before: the group has done without this member for a while, and others may have had what it had. */
  readonly memberId: string
}

export interface CommitAs {
  readonly transaction?: TransactionalProducer | undefined
  /** Of the member that did what is committed. Unset: who commits. */
  readonly memberId?: string
}

export interface GroupSubscription {
  readonly memberId: string
  readonly instanceId?: string
  readonly topics: readonly string[]
  readonly userData: Buffer
}

export interface GroupMember {
  /**
   * Joins or rejoins and returns what this member has from now on. Until then it has what it had, and may commit: whether the
   * assignor has given that to others meanwhile is for the assignor to see to. Waits while the group's coordinator is out of
   * reach or a topic is unknown to it.
   */
  join(): Promise<Membership>
  /** True once the group asks for a rejoin (heartbeat said so, or the session was lost). Turns false in `join`. */
  readonly rejoinNeeded: boolean
  /** Called once whenever `rejoinNeeded` turns true, so that a waiting poll can be woken. */
  onRejoinNeeded: (() => void) | undefined
  readonly generation: number
  readonly memberId: string
  /**
   * Throws `CommitRejected` when the group has gone on without this member, or with it under another id than `memberId`:
   * nothing was committed. Also when the coordinator was out of reach until the session was over; then nobody knows whether
   * it was. While the group shares out anew it waits for that, if it must. With a transaction the offsets are part of it: they
   * are committed when it is.
   */
  commit(offsets: readonly PartitionOffset[], as?: CommitAs): Promise<void>
  /** Offsets without a commit are absent. Waits for transactions that are about to commit some. Works before `join`. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]>
  /**
   * Stops heartbeats. `leave: true` also tells the group at once, so others take over; a static member that will be
   * back within the session timeout passes false and keeps its partitions.
   */
  close(options: { readonly leave: boolean }): Promise<void>
}
