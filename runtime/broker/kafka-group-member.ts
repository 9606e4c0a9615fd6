import {
  type Connection,
  findCoordinatorV2,
  heartbeatV3,
  joinGroupV5,
  leaveGroupV3,
  offsetCommitV7,
  offsetFetchV5,
  syncGroupV3,
} from '@platformatic/kafka'
import { type Clock, sleep, type Timer } from '../platform/clock.ts'
import type { GroupMember, GroupMemberOptions, PartitionOffset, TopicPartition } from './broker.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './consumer-protocol.ts'
import { BrokerError, CommitRejected } from './errors.ts'
import { call } from './kafka-call.ts'
import type { KafkaConnections, Node } from './kafka-connections.ts'
import { commitTopics, fetchTopics, readCommitted } from './kafka-group-offsets.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'

const PROTOCOL_TYPE = 'consumer'
const PROTOCOL_NAME = 'millrace'
const CONSUMER_COORDINATOR = 0
const RETRY_MS = 200
const MAX_HEARTBEAT_INTERVAL_MS = 3000

type JoinResponse = Awaited<ReturnType<typeof joinGroupV5.api.async>>

/**
 * A member of a classic group. Heartbeats run on their own timer, apart from polls and joins, so that slow processing
 * does not cost the membership.
 */
export class KafkaGroupMember implements GroupMember {
  onRejoinNeeded: (() => void) | undefined
  readonly #connections: KafkaConnections
  readonly #metadata: KafkaMetadata
  readonly #clock: Clock
  readonly #options: GroupMemberOptions
  #coordinator: Node | undefined
  #memberId = ''
  #generation = -1
  #rejoinNeeded = false
  #fenced: BrokerError | undefined
  #heartbeat: Timer | undefined
  #closed = false

  constructor(
    connections: KafkaConnections,
    metadata: KafkaMetadata,
    clock: Clock,
    options: GroupMemberOptions,
  ) {
    this.#connections = connections
    this.#metadata = metadata
    this.#clock = clock
    this.#options = options
  }

  get memberId(): string {
    return this.#memberId
  }

  get generation(): number {
    return this.#generation
  }

  get rejoinNeeded(): boolean {
    return this.#rejoinNeeded
  }

  async join(): Promise<readonly TopicPartition[]> {
    this.#heartbeat?.cancel()
    while (!this.#closed) {
      if (this.#fenced !== undefined) throw this.#fenced
      try {
        const assignment = await this.#joinOnce()
        this.#rejoinNeeded = false
        this.#scheduleHeartbeat()
        return assignment
      } catch (error) {
        this.#learn(error as BrokerError)
        if (!RETRIED_JOIN.has((error as BrokerError).code)) throw error
        if ((error as BrokerError).code !== 'MEMBER_ID_REQUIRED') await sleep(this.#clock, RETRY_MS)
      }
    }
    throw new BrokerError('CLOSED', 'this member is closed')
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return
    const { groupId, instanceId } = this.#options
    const what = `commit offsets of group ${groupId}`
    try {
      await this.#retrying((connection) =>
        call(
          connection,
          offsetCommitV7.api,
          what,
          groupId,
          this.#generation,
          this.#memberId,
          instanceId ?? null,
          commitTopics(offsets),
        ),
      )
    } catch (error) {
      const { code, message } = error as BrokerError
      if (!REJECTED_COMMIT.has(code)) throw error
      this.#learn(error as BrokerError)
      this.#askRejoin()
      throw new CommitRejected(code, message, { cause: error })
    }
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    if (partitions.length === 0) return []
    const { groupId } = this.#options
    const response = await this.#retrying((connection) =>
      call(
        connection,
        offsetFetchV5.api,
        `read committed offsets of group ${groupId}`,
        [{ groupId, memberEpoch: -1, topics: fetchTopics(partitions) }],
        false,
      ),
    )
    return readCommitted(response)
  }

  async close({ leave }: { readonly leave: boolean }): Promise<void> {
    this.#closed = true
    this.#heartbeat?.cancel()
    if (leave && this.#memberId !== '') await this.#leave()
    await this.#connections.close()
  }

  async #joinOnce(): Promise<TopicPartition[]> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, instanceId, topics, userData } =
      this.#options
    const metadata = encodeSubscription({ topics, userData: userData?.() ?? Buffer.alloc(0) })
    const connection = await this.#connection()
    const joined = await call(
      connection,
      joinGroupV5.api,
      `join group ${groupId}`,
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      this.#memberId,
      instanceId ?? null,
      PROTOCOL_TYPE,
      [{ name: PROTOCOL_NAME, metadata }],
    )
    this.#memberId = joined.memberId
    this.#generation = joined.generationId
    const isLeader = joined.leader === joined.memberId && joined.members.length > 0
    const synced = await call(
      connection,
      syncGroupV3.api,
      `sync group ${groupId}`,
      groupId,
      this.#generation,
      this.#memberId,
      instanceId ?? null,
      PROTOCOL_TYPE,
      PROTOCOL_NAME,
      isLeader ? await this.#assign(joined.members) : [],
    )
    return decodeAssignment(synced.assignment)
  }

  async #assign(members: JoinResponse['members']) {
    const subscriptions = members.map(({ memberId, groupInstanceId, metadata }) => ({
      memberId,
      ...(typeof groupInstanceId === 'string' ? { instanceId: groupInstanceId } : {}),
      ...decodeSubscription(metadata),
    }))
    const topics = [...new Set(subscriptions.flatMap((subscription) => subscription.topics))]
    const counts = new Map(
      (await this.#metadata.refresh(topics)).map(({ name, partitions }) => [
        name ?? '',
        partitions.length,
      ]),
    )
    const shares = this.#options.assign(subscriptions, counts)
    return members.map(({ memberId }) => ({
      memberId,
      assignment: encodeAssignment(shares.get(memberId) ?? []),
    }))
  }

  #scheduleHeartbeat(): void {
    if (this.#closed) return
    const interval = Math.min(this.#options.sessionTimeoutMs / 3, MAX_HEARTBEAT_INTERVAL_MS)
    this.#heartbeat?.cancel()
    this.#heartbeat = this.#clock.after(interval, () => void this.#beat())
  }

  async #beat(): Promise<void> {
    const { groupId, instanceId } = this.#options
    const generation = this.#generation
    try {
      const connection = await this.#connection()
      await call(
        connection,
        heartbeatV3.api,
        `heartbeat of group ${groupId}`,
        groupId,
        generation,
        this.#memberId,
        instanceId ?? null,
      )
    } catch (error) {
      // A join may have finished meanwhile; what this answer says is then about the past.
      if (generation !== this.#generation) return
      this.#learn(error as BrokerError)
      if (NEEDS_REJOIN.has((error as BrokerError).code)) return this.#askRejoin()
    }
    if (!this.#rejoinNeeded) this.#scheduleHeartbeat()
  }

  #askRejoin(): void {
    if (this.#rejoinNeeded || this.#closed) return
    this.#rejoinNeeded = true
    this.onRejoinNeeded?.()
  }

  /** What an error code tells about ourselves and the coordinator, whoever asked. */
  #learn({ code, message, cause }: BrokerError): void {
    if (LOST_COORDINATOR.has(code)) this.#coordinator = undefined
    if (code === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    if (code === 'MEMBER_ID_REQUIRED') this.#memberId = givenMemberId(cause)
    if (code === 'FENCED_INSTANCE_ID') {
      this.#fenced = new BrokerError(
        code,
        `another process runs as "${this.#options.instanceId}" in group ${this.#options.groupId}: ${message}`,
      )
    }
  }

  async #connection(): Promise<Connection> {
    this.#coordinator ??= await this.#findCoordinator()
    return this.#connections.to(this.#coordinator)
  }

  async #findCoordinator(): Promise<Node> {
    const { groupId } = this.#options
    const { coordinators } = await call(
      await this.#connections.any(),
      findCoordinatorV2.api,
      `find the coordinator of group ${groupId}`,
      CONSUMER_COORDINATOR,
      [groupId],
    )
    const found = coordinators[0]
    if (found === undefined) throw new BrokerError('COORDINATOR_NOT_AVAILABLE', `group ${groupId}`)
    return { host: found.host, port: found.port }
  }

  /** Repeats while the coordinator moves or is out of reach, for at most one session. */
  async #retrying<T>(attempt: (connection: Connection) => Promise<T>): Promise<T> {
    const deadline = this.#clock.monotonic() + this.#options.sessionTimeoutMs
    for (;;) {
      try {
        return await attempt(await this.#connection())
      } catch (error) {
        const { code } = error as BrokerError
        this.#learn(error as BrokerError)
        if (!LOST_COORDINATOR.has(code) || this.#clock.monotonic() > deadline) throw error
        await sleep(this.#clock, RETRY_MS)
      }
    }
  }

  async #leave(): Promise<void> {
    const { groupId, instanceId } = this.#options
    const member = { memberId: this.#memberId, groupInstanceId: instanceId ?? null }
    try {
      await call(await this.#connection(), leaveGroupV3.api, `leave group ${groupId}`, groupId, [
        member,
      ])
    } catch {
      // The session expires by itself; a shutdown does not wait for that.
    }
  }
}

const LOST_COORDINATOR: ReadonlySet<string> = new Set([
  'UNREACHABLE',
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
])

const NEEDS_REJOIN: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
])

const REJECTED_COMMIT = NEEDS_REJOIN

const RETRIED_JOIN: ReadonlySet<string> = new Set([
  ...LOST_COORDINATOR,
  'MEMBER_ID_REQUIRED',
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
])

/** The coordinator names a new dynamic member in the very response that refuses it. */
function givenMemberId(cause: unknown): string {
  const { errors } = cause as { readonly errors?: readonly { readonly memberId?: string }[] }
  return errors?.[0]?.memberId ?? ''
}
