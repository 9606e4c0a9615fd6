import { joinGroupV5, syncGroupV3 } from '@platformatic/kafka'
import type { GroupMemberOptions, GroupShare } from './broker.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './consumer-protocol.ts'
import { BrokerError } from './errors.ts'
import { call } from './kafka-call.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import type { KafkaSocket } from './kafka-socket.ts'

const PROTOCOL_TYPE = 'consumer'
const PROTOCOL_NAME = 'millrace'
/** A join waits for the slowest member to come, a sync for the leader to decide. */
const JOIN_MARGIN_MS = 10_000

type JoinedMembers = Awaited<ReturnType<typeof joinGroupV5.api.async>>['members']

export interface Joined {
  readonly memberId: string
  readonly generation: number
  readonly isLeader: boolean
  readonly members: JoinedMembers
}

/** The first half of a join: everyone has come, one of them is the leader and is told of all. */
export async function joinGroup(
  connection: KafkaSocket,
  options: GroupMemberOptions,
  memberId: string,
): Promise<Joined> {
  const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, instanceId, topics, userData } = options
  const metadata = encodeSubscription({ topics, userData: userData?.(memberId) ?? Buffer.alloc(0) })
  const timeoutMs = rebalanceTimeoutMs + JOIN_MARGIN_MS
  const joined = await call(
    connection,
    { api: joinGroupV5.api, what: `join group ${groupId}`, timeoutMs },
    groupId,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    memberId,
    instanceId ?? null,
    PROTOCOL_TYPE,
    [{ name: PROTOCOL_NAME, metadata }],
  )
  return {
    memberId: joined.memberId,
    generation: joined.generationId,
    isLeader: joined.leader === joined.memberId && joined.members.length > 0,
    members: joined.members,
  }
}

/** The second half: the leader hands in all shares, everyone gets their own. */
export async function syncGroup(
  connection: KafkaSocket,
  options: GroupMemberOptions,
  joined: Joined,
  metadata: KafkaMetadata,
): Promise<GroupShare> {
  const { groupId, instanceId, rebalanceTimeoutMs, assign } = options
  const timeoutMs = rebalanceTimeoutMs + JOIN_MARGIN_MS
  const synced = await call(
    connection,
    { api: syncGroupV3.api, what: `sync group ${groupId}`, timeoutMs },
    groupId,
    joined.generation,
    joined.memberId,
    instanceId ?? null,
    PROTOCOL_TYPE,
    PROTOCOL_NAME,
    joined.isLeader ? await sharesOf(joined.members, assign, metadata) : [],
  )
  return decodeAssignment(synced.assignment)
}

async function sharesOf(
  members: JoinedMembers,
  assign: GroupMemberOptions['assign'],
  metadata: KafkaMetadata,
) {
  const subscriptions = members.map(({ memberId, groupInstanceId, metadata: bytes }) => ({
    memberId,
    ...(typeof groupInstanceId === 'string' ? { instanceId: groupInstanceId } : {}),
    ...decodeSubscription(bytes),
  }))
  const topics = [...new Set(subscriptions.flatMap((subscription) => subscription.topics))]
  const found = await metadata.refresh(topics)
  if (found.length < topics.length) throw notYetKnown(topics, found)
  const counts = new Map(found.map(({ name, partitions }) => [name ?? '', partitions.length]))
  const shares = assign(subscriptions, counts)
  return members.map(({ memberId }) => ({
    memberId,
    assignment: encodeAssignment(shares.get(memberId) ?? { partitions: [] }),
  }))
}

/** A broker that has just started does not know of every topic yet; shares without them would leave tasks to nobody. */
function notYetKnown(
  topics: readonly string[],
  found: readonly { readonly name?: string | null | undefined }[],
): BrokerError {
  const known = new Set(found.map(({ name }) => name))
  const missing = topics.filter((topic) => !known.has(topic))
  return new BrokerError('LEADER_NOT_AVAILABLE', `no broker knows ${missing.join(', ')} yet`)
}
