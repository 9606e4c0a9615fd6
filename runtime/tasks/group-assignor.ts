import type { GroupAssignor, GroupSubscription, TopicPartition } from '../broker/broker.ts'
import { taskCountsOf } from '../topology/internal-topics.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { handOver } from './handover.ts'
import { encodeInfo, memberInfoOf } from './member-info.ts'
import { type PlacedMember, placeTasks, type PlacementRules } from './placement.ts'
import { partitionsOf, type TaskId, taskName } from './task-id.ts'

export function tasksOf(
  subTopologies: readonly SubTopology[],
  partitionCounts: ReadonlyMap<string, number>,
): readonly TaskId[] {
  const counts = taskCountsOf(subTopologies, partitionCounts)
  return subTopologies.flatMap(({ id }) =>
    Array.from({ length: counts.get(id) ?? 0 }, (_, partition) => ({ subTopology: id, partition })),
  )
}

/** Tasks are assigned as wholes; Kafka sees the partitions they are made of. */
export const groupAssignor =
  (subTopologies: readonly SubTopology[], rules: PlacementRules): GroupAssignor =>
  (members, partitionCounts) => {
    const tasks = tasksOf(subTopologies, partitionCounts)
    const byName = new Map(tasks.map((task) => [taskName(task), task]))
    const hasState = (name: string) =>
      hasChangelog(subTopologies[byName.get(name)?.subTopology ?? -1])
    const placements = placeTasks(
      [...byName.keys()].map((name) => ({ name, hasState: hasState(name) })),
      placedMembers(members),
      rules,
    )
    const kept = new Map(members.map((one) => [one.memberId, memberInfoOf(one).keeps ?? []]))
    const partitions = (name: string): TopicPartition[] => {
      const task = byName.get(name)
      const subTopology = subTopologies.find(({ id }) => id === task?.subTopology)
      if (task === undefined || subTopology === undefined) return []
      return partitionsOf(task, subTopology, partitionCounts)
    }
    return new Map(
      [...handOver(placements, kept, hasState)].map(([memberId, { tasks: names, ...info }]) => [
        memberId,
        { partitions: names.flatMap(partitions), userData: encodeInfo(info) },
      ]),
    )
  }

export const hasChangelog = (subTopology: SubTopology | undefined): boolean =>
  subTopology?.stores.some(({ changelogTopic }) => changelogTopic !== undefined) ?? false

type Told = ReturnType<typeof memberInfoOf>

function placedMembers(members: readonly GroupSubscription[]): readonly PlacedMember[] {
  const infos = members.map(memberInfoOf)
  const ends = endsOf(infos)
  return members.map(({ memberId, instanceId }, index) => {
    const identity = instanceId ?? memberId
    const info = infos[index] ?? {}
    const { process = identity, tasks: previous = [], standbys = [], version } = info
    const canFollow = version !== undefined
    const lags = lagsOf(info, ends)
    return { memberId, identity, process, previous, standbys, canFollow, lags }
  })
}

/** Task → where its changelogs end: for whoever runs it, where it has written up to, else as far as anybody has come. */
function endsOf(infos: readonly Told[]): ReadonlyMap<string, number> {
  const ends = new Map<string, number>()
  const note = (task: string, position: number) =>
    ends.set(task, Math.max(ends.get(task) ?? 0, position))
  const running = new Set(infos.flatMap(runningOf))
  for (const info of infos) {
    const runs = new Set(runningOf(info))
    for (const [task, end] of [info.positions, info.ends].flatMap((one) =>
      Object.entries(one ?? {}),
    ))
      if (runs.has(task) || !running.has(task)) note(task, end)
  }
  return ends
}

/** A member of an older version runs all that it names. */
const runningOf = ({ version, tasks = [], caughtUp = [] }: Told): readonly string[] =>
  version === undefined ? tasks : tasks.filter((task) => caughtUp.includes(task))

/** What a member has yet to read is what it does not say that it has; more than there is, is of another changelog. */
function lagsOf(info: Told, ends: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const lags = new Map<string, number>()
  for (const [task, end] of ends) {
    const position = info.positions?.[task] ?? 0
    lags.set(task, position > end ? end : end - position)
  }
  for (const task of [...runningOf(info), ...(info.caughtUp ?? [])]) lags.set(task, 0)
  return lags
}
