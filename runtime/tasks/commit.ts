import type { GroupMember, Producer } from '../broker/broker.ts'
import type { OutputCollector } from './output-collector.ts'
import type { Task } from './task.ts'

/**
 * At-least-once, in this order: changed state to the changelogs, everything produced acknowledged, then the offsets. If the
 * process dies on the way, records are processed again; none is lost. Throws `CommitRejected` when the group moved on.
 */
export async function commitTasks(
  tasks: readonly Task[],
  {
    collector,
    producer,
    member,
  }: {
    readonly collector: OutputCollector
    readonly producer: Producer
    readonly member: GroupMember
  },
): Promise<void> {
  const offsets = tasks.flatMap((task) => task.uncommitted())
  for (const task of tasks) task.stageChangelog()
  collector.send()
  await producer.flush()
  if (offsets.length === 0) return
  await member.commit(offsets)
  for (const task of tasks) task.committedUpTo(offsets)
}
