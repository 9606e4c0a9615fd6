import type { Clock, Timer } from '../platform/clock.ts'
import type {
  GroupAssignor,
  GroupMemberOptions,
  GroupShare,
  GroupSubscription,
  PartitionOffset,
  TopicPartition,
} from './broker.ts'
import { BrokerError, CommitRejected } from './errors.ts'
import { partitionKey } from './partition-key.ts'

/** One member as the coordinator knows it. */
export interface Enrolled {
  readonly id: string
  readonly options: GroupMemberOptions
  /** The coordinator asks for a rejoin. */
  readonly askRejoin: () => void
  share: GroupShare
  joining: ((joined: Joined) => void) | undefined
  expiry: Timer | undefined
}

export interface Joined {
  readonly generation: number
  readonly share: GroupShare
}

/**
 * A classic consumer group: everybody joins, the leader's assignor runs, everybody gets a share. Members live in this
 * process, so nobody heartbeats; a member that closed without leaving expires after its session timeout.
 */
export class EmbeddedGroup {
  readonly committed = new Map<string, PartitionOffset>()
  /** Producer → offsets that its open transaction is to commit. */
  readonly #pending = new Map<bigint, readonly PartitionOffset[]>()
  readonly #members = new Map<string, Enrolled>()
  #onSettled = Promise.withResolvers<void>()
  readonly #clock: Clock
  readonly #partitionCounts: (topics: readonly string[]) => ReadonlyMap<string, number>
  #generation = 0
  #nextMember = 1
  #deadline: Timer | undefined

  constructor(
    clock: Clock,
    partitionCounts: (topics: readonly string[]) => ReadonlyMap<string, number>,
  ) {
    this.#clock = clock
    this.#partitionCounts = partitionCounts
  }

  get state(): 'Empty' | 'PreparingRebalance' | 'Stable' {
    if (this.#members.size === 0) return 'Empty'
    return this.#deadline === undefined ? 'Stable' : 'PreparingRebalance'
  }

  get memberCount(): number {
    return this.#members.size
  }

  join(
    previous: string,
    options: GroupMemberOptions,
    askRejoin: () => void,
  ): Promise<Enrolled & Joined> {
    this.#refuseFenced(previous, options)
    const returning = this.#returningStatic(previous, options)
    const member = this.#enrol(previous, options, askRejoin)
    if (returning !== undefined && this.#deadline === undefined) {
      member.share = returning.share
      return Promise.resolve({ ...member, generation: this.#generation })
    }
    const joined = new Promise<Joined>((resolve) => (member.joining = resolve))
    this.#rebalance()
    return joined.then((result) => ({ ...member, ...result }))
  }

  /** A static member gone without leaving keeps its share until the session expires. */
  gone(id: string, leave: boolean): void {
    const member = this.#members.get(id)
    if (member === undefined) return
    if (leave) return this.#remove(id)
    member.expiry = this.#clock.after(member.options.sessionTimeoutMs, () => this.#remove(id))
  }

  /** With a producer, once its transaction is committed. */
  commit(
    { id, generation }: { readonly id: string; readonly generation: number },
    offsets: readonly PartitionOffset[],
    producer?: bigint,
  ): void {
    if (generation !== this.#generation || !this.#members.has(id)) {
      throw new CommitRejected(
        'ILLEGAL_GENERATION',
        `offsets of generation ${generation} are late: the group is at ${this.#generation}`,
      )
    }
    if (producer === undefined) this.#store(offsets)
    else this.#pending.set(producer, [...(this.#pending.get(producer) ?? []), ...offsets])
  }

  endTransaction({ producerId }: { readonly producerId: bigint }, isCommitted: boolean): void {
    const offsets = this.#pending.get(producerId) ?? []
    this.#pending.delete(producerId)
    if (isCommitted) this.#store(offsets)
    this.#onSettled.resolve()
    this.#onSettled = Promise.withResolvers()
  }

  /** What is committed, once no transaction is about to change it. */
  async stableOffsets(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    const keys = partitions.map(partitionKey)
    const isPending = () =>
      [...this.#pending.values()].flat().some((offset) => keys.includes(partitionKey(offset)))
    while (isPending()) await this.#onSettled.promise
    return keys.flatMap((key) => this.committed.get(key) ?? [])
  }

  #store(offsets: readonly PartitionOffset[]): void {
    for (const offset of offsets) this.committed.set(partitionKey(offset), offset)
  }

  /** Another process has come under the instance id: whoever had it before is to end. */
  #refuseFenced(previous: string, { instanceId, groupId }: GroupMemberOptions): void {
    if (previous === '' || instanceId === undefined || this.#members.has(previous)) return
    if (![...this.#members.values()].some(({ options }) => options.instanceId === instanceId))
      return
    throw new BrokerError(
      'FENCED_INSTANCE_ID',
      `another process runs as "${instanceId}" in group ${groupId}`,
    )
  }

  #returningStatic(previous: string, options: GroupMemberOptions): Enrolled | undefined {
    if (options.instanceId === undefined || this.#members.has(previous)) return undefined
    const same = [...this.#members.values()].find(
      (member) => member.options.instanceId === options.instanceId,
    )
    if (same === undefined) return undefined
    same.expiry?.cancel()
    this.#members.delete(same.id)
    const sameTopics = same.options.topics.join() === options.topics.join()
    return sameTopics ? same : undefined
  }

  #enrol(previous: string, options: GroupMemberOptions, askRejoin: () => void): Enrolled {
    const known = this.#members.get(previous)
    if (known !== undefined) return known
    const id = `${options.instanceId ?? 'member'}-${this.#nextMember++}`
    const share = { partitions: [] }
    const member = { id, options, askRejoin, share, joining: undefined, expiry: undefined }
    this.#members.set(id, member)
    return member
  }

  #remove(id: string): void {
    const member = this.#members.get(id)
    if (member === undefined) return
    member.expiry?.cancel()
    this.#members.delete(id)
    if (this.#members.size > 0) this.#rebalance()
    else this.#endRebalance()
  }

  #rebalance(): void {
    if (this.#deadline === undefined) {
      const longest = Math.max(
        ...[...this.#members.values()].map((m) => m.options.rebalanceTimeoutMs),
      )
      this.#deadline = this.#clock.after(longest, () => this.#dropLate())
      for (const member of this.#members.values())
        if (member.joining === undefined) member.askRejoin()
    }
    if ([...this.#members.values()].every((member) => member.joining !== undefined))
      this.#complete()
  }

  #dropLate(): void {
    for (const [id, member] of this.#members)
      if (member.joining === undefined) this.#members.delete(id)
    if (this.#members.size > 0) this.#complete()
    else this.#endRebalance()
  }

  #complete(): void {
    this.#endRebalance()
    this.#generation++
    const members = [...this.#members.values()]
    const leader = members[0]
    if (leader === undefined) return
    const shares = this.#assign(leader.options.assign, members)
    for (const member of members) {
      member.share = shares.get(member.id) ?? { partitions: [] }
      const { joining } = member
      member.joining = undefined
      joining?.({ generation: this.#generation, share: member.share })
    }
  }

  #assign(assign: GroupAssignor, members: readonly Enrolled[]) {
    const subscriptions: GroupSubscription[] = members.map(({ id, options }) => ({
      memberId: id,
      ...(options.instanceId === undefined ? {} : { instanceId: options.instanceId }),
      topics: options.topics,
      userData: options.userData?.(id) ?? Buffer.alloc(0),
    }))
    const topics = [...new Set(subscriptions.flatMap((subscription) => subscription.topics))]
    return assign(subscriptions, this.#partitionCounts(topics))
  }

  #endRebalance(): void {
    this.#deadline?.cancel()
    this.#deadline = undefined
  }
}
