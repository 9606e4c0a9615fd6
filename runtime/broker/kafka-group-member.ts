import {
  heartbeatV3,
  leaveGroupV3,
  offsetCommitV7,
  offsetFetchV7,
  txnOffsetCommitV3,
} from '@platformatic/kafka'
import { type Clock, sleep, type Timer } from '../platform/clock.ts'
import type {
  CommitAs,
  GroupMember,
  GroupMemberOptions,
  GroupShare,
  Membership,
  PartitionOffset,
  TopicPartition,
  TransactionalProducer,
} from './broker.ts'
import { BrokerError, CommitRejected } from './errors.ts'
import { call, PROMPT_ANSWER_MS } from './kafka-call.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import { KafkaCoordinator } from './kafka-coordinator.ts'
import type { KafkaDenials } from './kafka-denials.ts'
import { isTransient } from './kafka-errors.ts'
import { joinGroup, syncGroup } from './kafka-group-join.ts'
import { commitTopics, fetchTopics, readCommitted } from './kafka-group-offsets.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import { isIndefinite, transactionError } from './kafka-transaction-errors.ts'
import type { KafkaSocket } from './kafka-socket.ts'

export interface KafkaGroupMemberOptions extends GroupMemberOptions {
  readonly connections: KafkaConnections
  readonly metadata: KafkaMetadata
  readonly clock: Clock
  readonly random: () => number
  readonly denials: KafkaDenials
}

const RETRY_MS = 200
/** Members hear by it that the group shares out anew: a task that moves stands still for as long, where Kafka's own clients take 3 s. */
const MAX_HEARTBEAT_INTERVAL_MS = 1000
const LEAVE_MS = 3000

/**
 * A member of a classic group. Heartbeats run on their own timer, apart from polls and joins, so that slow processing
 * does not cost the membership.
 */
export class KafkaGroupMember implements GroupMember {
  onRejoinNeeded: (() => void) | undefined
  readonly #options: KafkaGroupMemberOptions
  readonly #coordinator: KafkaCoordinator
  #memberId = ''
  #generation = -1
  #rejoinNeeded = false
  #joining: Promise<Membership> | undefined
  #fenced: BrokerError | undefined
  #heartbeat: Timer | undefined
  /** Monotonic time of the last answer that took us for a member. */
  #heardAt = 0
  #closed = false

  constructor(options: KafkaGroupMemberOptions) {
    this.#options = options
    const { groupId: id } = options
    const patienceMs = this.#patienceMs
    this.#coordinator = new KafkaCoordinator({ ...options, of: 'group', id, patienceMs })
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

  join(): Promise<Membership> {
    this.#heartbeat?.cancel()
    const joining = this.#join()
    this.#joining = joining
    return joining.finally(() => (this.#joining = undefined))
  }

  async commit(
    offsets: readonly PartitionOffset[],
    { transaction, memberId = this.#memberId }: CommitAs = {},
  ): Promise<void> {
    if (offsets.length === 0) return
    const joining = this.#joining
    try {
      await this.#commit(offsets, { transaction, memberId })
    } catch (error) {
      if (joining === undefined || !(error instanceof CommitRejected)) throw error
      // The group may have come to a new generation meanwhile, with this member in it and all that it has still its own.
      await joining
      await this.#commit(offsets, { transaction, memberId })
    }
  }

  async #join(): Promise<Membership> {
    const { clock, connections } = this.#options
    while (!this.#closed) {
      if (this.#fenced !== undefined) throw this.#fenced
      try {
        const share = await this.#joinOnce()
        this.#rejoinNeeded = false
        this.#heard()
        this.#scheduleHeartbeat()
        return { ...share, memberId: this.#memberId }
      } catch (error) {
        const { code } = error as BrokerError
        this.#learn(error as BrokerError)
        if (!isTransient(code) && !REPEATED_JOIN.has(code)) throw error
        if (code !== 'MEMBER_ID_REQUIRED') await sleep(clock, RETRY_MS, connections.closing)
      }
    }
    throw new BrokerError('CLOSED', 'this member is closed')
  }

  async #commit(
    offsets: readonly PartitionOffset[],
    { transaction, memberId }: CommitAs & { readonly memberId: string },
  ): Promise<void> {
    this.#checkMembership(memberId)
    const attempt =
      transaction === undefined
        ? this.#offsetCommit(offsets)
        : await this.#offsetCommitIn(transaction, offsets)
    try {
      await this.#coordinator.retrying(attempt, () => this.#isSessionOver)
      this.#heard()
    } catch (error) {
      const { code, message } = error as BrokerError
      // Its topic is gone, with all its offsets: whoever reads it finds out what became of it. The others are committed.
      if (code === 'UNKNOWN_TOPIC_OR_PARTITION' && transaction === undefined) return
      if (!NEEDS_REJOIN.has(code) && !isTransient(code)) throw transactionError(error as Error)
      // A join that is under way finds out by itself.
      if (this.#joining === undefined) {
        this.#learn(error as BrokerError)
        this.#askRejoin()
      }
      throw new CommitRejected(code, message, { cause: error })
    }
  }

  #checkMembership(memberId: string): void {
    const { groupId } = this.#options
    if (memberId !== this.#memberId) throw leftOut(groupId)
    if (this.#rejoinNeeded && this.#isSessionOver) throw sessionOver(groupId)
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    if (partitions.length === 0) return []
    const { groupId } = this.#options
    const request = { api: offsetFetchV7.api, what: `read committed offsets of group ${groupId}` }
    const groups = [{ groupId, memberEpoch: -1, topics: fetchTopics(partitions) }]
    const response = await this.#coordinator.retrying(
      (connection) => call(connection, request, groups, REQUIRE_STABLE),
      () => false,
    )
    return readCommitted(response)
  }

  async close({ leave }: { readonly leave: boolean }): Promise<void> {
    this.#closed = true
    this.#heartbeat?.cancel()
    if (leave && (this.#memberId !== '' || this.#joining !== undefined)) await this.#leave()
    await this.#options.connections.close()
  }

  /** Several attempts are to fit into a session. */
  get #patienceMs(): number {
    return Math.min(this.#options.sessionTimeoutMs / 3, PROMPT_ANSWER_MS)
  }

  #offsetCommit(offsets: readonly PartitionOffset[]): Attempt {
    const { groupId, instanceId = null } = this.#options
    const request = this.#request(offsetCommitV7.api, `commit offsets of group ${groupId}`)
    const member = [this.#generation, this.#memberId, instanceId] as const
    const topics = commitTopics(offsets)
    return (connection) => call(connection, request, groupId, ...member, topics)
  }

  async #offsetCommitIn(
    transaction: TransactionalProducer,
    offsets: readonly PartitionOffset[],
  ): Promise<Attempt> {
    const { groupId, instanceId = null } = this.#options
    const { transactionalId, producerId, epoch } = await transaction.addOffsets(groupId)
    const what = `commit offsets of group ${groupId} in transaction ${transactionalId}`
    const request = this.#request(txnOffsetCommitV3.api, what)
    const producer = [transactionalId, groupId, producerId, epoch] as const
    const member = [this.#generation, this.#memberId, instanceId] as const
    const topics = commitTopics(offsets)
    return async (connection) => {
      try {
        await call(connection, request, ...producer, ...member, topics)
      } catch (error) {
        if (isIndefinite(error)) transaction.doubt()
        throw error
      }
    }
  }

  #request<Api>(api: Api, what: string) {
    return { api, what, timeoutMs: this.#patienceMs }
  }

  /** The coordinator has given our partitions away by now, whether it could tell us or not. */
  get #isSessionOver(): boolean {
    const { clock, sessionTimeoutMs } = this.#options
    return clock.monotonic() - this.#heardAt > sessionTimeoutMs
  }

  async #joinOnce(): Promise<GroupShare> {
    const connection = await this.#coordinator.connection('joins')
    const joined = await joinGroup(connection, this.#options, this.#memberId)
    this.#memberId = joined.memberId
    this.#generation = joined.generation
    return syncGroup(connection, this.#options, joined, this.#options.metadata)
  }

  #scheduleHeartbeat(): void {
    const { sessionTimeoutMs, clock } = this.#options
    this.#heartbeat?.cancel()
    if (this.#closed) return
    const interval = Math.min(sessionTimeoutMs / 3, MAX_HEARTBEAT_INTERVAL_MS)
    this.#heartbeat = clock.after(interval, () => void this.#beat())
  }

  async #beat(): Promise<void> {
    const { groupId, instanceId } = this.#options
    const generation = this.#generation
    const request = this.#request(heartbeatV3.api, `heartbeat of group ${groupId}`)
    try {
      const connection = await this.#coordinator.connection()
      await call(connection, request, groupId, generation, this.#memberId, instanceId ?? null)
      this.#heard()
    } catch (error) {
      // A join may have finished meanwhile; what this answer says is then about the past.
      if (generation !== this.#generation || this.#closed) return
      this.#learn(error as BrokerError)
      if (NEEDS_REJOIN.has((error as BrokerError).code) || this.#isSessionOver)
        return this.#askRejoin()
    }
    if (!this.#rejoinNeeded) this.#scheduleHeartbeat()
  }

  #heard(): void {
    this.#coordinator.noteSuccess()
    this.#heardAt = this.#options.clock.monotonic()
  }

  #askRejoin(): void {
    if (this.#rejoinNeeded || this.#closed) return
    this.#rejoinNeeded = true
    this.onRejoinNeeded?.()
  }

  /** What an error code tells about ourselves and the coordinator, whoever asked. */
  #learn(error: BrokerError): void {
    const { code, message, cause } = error
    const { instanceId, groupId } = this.#options
    this.#coordinator.noteFailure(error)
    if (code === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    if (code === 'MEMBER_ID_REQUIRED') this.#memberId = givenMemberId(cause)
    if (code === 'FENCED_INSTANCE_ID') {
      this.#fenced = new BrokerError(
        code,
        `another process runs as "${instanceId}" in group ${groupId}: ${message}`,
      )
    }
  }

  async #leave(): Promise<void> {
    const { groupId, instanceId, clock } = this.#options
    const member = { memberId: this.#memberId, groupInstanceId: instanceId ?? null }
    const request = { api: leaveGroupV3.api, what: `leave group ${groupId}`, timeoutMs: LEAVE_MS }
    const told = this.#coordinator
      .connection()
      .then((connection) => call(connection, request, groupId, [member]))
      // The session expires by itself; a shutdown does not wait for that.
      .catch(() => undefined)
    await Promise.race([told, sleep(clock, LEAVE_MS, this.#options.connections.closing)])
  }
}

type Attempt = (connection: KafkaSocket) => Promise<unknown>

/** Whoever takes tasks over waits until a transaction of their last owner is over. */
const REQUIRE_STABLE = true

const leftOut = (groupId: string) =>
  new CommitRejected(
    'UNKNOWN_MEMBER_ID',
    `commit offsets of group ${groupId}: it has gone on without this member for a while`,
  )

const sessionOver = (groupId: string) =>
  new CommitRejected(
    'UNREACHABLE',
    `commit offsets of group ${groupId}: its coordinator was out of reach for longer than the session`,
  )

const NEEDS_REJOIN: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
])

/** Answers to a join that another attempt gets over; a fenced member finds out at the next. */
const REPEATED_JOIN: ReadonlySet<string> = new Set([...NEEDS_REJOIN, 'MEMBER_ID_REQUIRED'])

/** The coordinator names a new dynamic member in the very response that refuses it. */
function givenMemberId(cause: unknown): string {
  const { errors } = cause as { readonly errors?: readonly { readonly memberId?: string }[] }
  return errors?.[0]?.memberId ?? ''
}
