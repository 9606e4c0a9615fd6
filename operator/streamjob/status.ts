import type { StreamJobStatus } from '../../crds/index.ts'
import type { RuntimeStatus } from '../../runtime/config.ts'
import { type Verdict, withConditions } from '../engine/conditions.ts'
import { applicationIdOf, selectorText } from './desired/names.ts'
import { isReady } from './policies.ts'
import { type StreamJobObserved, topicsOf } from './observe.ts'
import { phaseOf } from './phase.ts'
import type { StreamJobPlan } from './plan.ts'
import { troubleOf } from './pod-trouble.ts'
import { verdictsOf } from './verdicts.ts'

export interface StatusFacts {
  readonly now: number
  /** The lag to show, already rounded and rate-limited. */
  readonly lag: number | undefined
}

export function streamJobStatus(
  observed: StreamJobObserved,
  plan: StreamJobPlan,
  { now, lag }: StatusFacts,
): StreamJobStatus {
  const { job } = observed
  const generation = job.metadata.generation ?? 0
  const verdicts = verdictsOf(observed, plan)
  return {
    observedGeneration: generation,
    phase: phaseOf(job, verdicts),
    ...identity(observed, plan),
    ...podCounts(observed),
    selector: selectorText(job),
    ...(lag === undefined ? {} : { lag }),
    topics: topicStatuses(observed),
    ...internalTopics(observed),
    ...lastError(observed, verdicts),
    conditions: withConditions(job.status?.conditions, verdicts, { now, generation }),
  }
}

/** The application id is the job's once the spec was accepted; a rival's claim is judged by it. */
const identity = ({ job }: StreamJobObserved, { objection }: StreamJobPlan) =>
  objection?.type !== 'Accepted' || job.status?.applicationId !== undefined
    ? { applicationId: applicationIdOf(job) }
    : {}

function podCounts({ workload, pods }: StreamJobObserved) {
  const { replicas = 0, readyReplicas = 0 } = workload?.status ?? {}
  const runtimes = pods.flatMap(({ runtime }) => runtime ?? [])
  return {
    replicas,
    readyReplicas,
    tasks: tasksText(runtimes),
    ...(runtimes.length === 0 ? {} : losses(runtimes)),
  }
}

const tasksText = (runtimes: readonly RuntimeStatus[]): string => {
  const tasks = runtimes.flatMap((runtime) => runtime.tasks)
  return `${tasks.filter(({ state }) => state === 'Running').length}/${tasks.length}`
}

const losses = (runtimes: readonly RuntimeStatus[]) => ({
  deadLettered: runtimes.reduce((sum, { counts }) => sum + counts.deadLettered, 0),
  skipped: runtimes.reduce((sum, { counts }) => sum + counts.skipped, 0),
  lost: runtimes.reduce((sum, { counts }) => sum + counts.lost, 0),
})

const topicStatuses = ({ job, kafka, topicObjects }: StreamJobObserved) =>
  topicsOf(job).map(({ name, role }) => {
    const object = topicObjects.get(name)
    const exists = kafka.reachable && kafka.topics.has(name)
    return { name, role, ready: exists && (object === undefined || isReady(object)) }
  })

/** All that any pod has ever named: a job that has changed may have left some behind, and none may be forgotten. */
function internalTopics({ job, pods }: StreamJobObserved) {
  const named = pods.flatMap(({ runtime }) => runtime?.internalTopics ?? [])
  const all = [...new Set([...(job.status?.internalTopics ?? []), ...named])].sort()
  return all.length === 0 ? {} : { internalTopics: all }
}

/** Kept until all is well, so that a pod that restarts does not wipe out why. */
function lastError({ job, pods }: StreamJobObserved, verdicts: readonly Verdict[]) {
  if (verdicts.some(({ type, status }) => type === 'Ready' && status === 'True')) return {}
  const trouble = troubleOf(pods.map(({ pod }) => pod))
  const lastError =
    trouble === undefined
      ? job.status?.lastError
      : { reason: trouble.reason, message: trouble.message }
  return lastError === undefined ? {} : { lastError }
}
