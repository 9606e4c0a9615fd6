import type { ConditionType } from '../../crds/index.ts'
import { reachability, type Verdict } from '../engine/conditions.ts'
import type { StreamJobObserved } from './observe.ts'
import type { StreamJobPlan } from './plan.ts'
import { dataLoss } from './data-loss.ts'
import { troubleOf } from './pod-trouble.ts'
import { isRolledOut } from './workload.ts'

type Of<T extends ConditionType> = Extract<Verdict, { type: T }>

/** The conditions of a job. `Ready` is the conjunction of the others, and names the first that fails. */
export function verdictsOf(observed: StreamJobObserved, plan: StreamJobPlan): Verdict[] {
  const { objection } = plan
  const accepted = orElse(objection, 'Accepted', {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'the spec makes sense',
  })
  const reachable = orElse(
    objection,
    'KafkaReachable',
    reachability(observed.kafka.reachable ? undefined : observed.kafka),
  )
  const topics = orElse(objection, 'TopicsReady', {
    type: 'TopicsReady',
    status: objection === undefined ? 'True' : 'Unknown',
    reason: 'AllReady',
    message: objection === undefined ? 'all topics are there' : 'not looked at yet',
  })
  const available = availability(observed, plan)
  const ready = readiness([accepted, reachable, topics, available], observed)
  const conditions = [ready, accepted, reachable, topics, available]
  return [...conditions, dataLoss(observed), ...abnormal(observed, accepted, ready)]
}

/** The objection itself where it is about that type. */
const orElse = <T extends ConditionType>(
  objection: Verdict | undefined,
  type: T,
  otherwise: Of<T>,
): Of<T> => (objection?.type === type ? (objection as Of<T>) : otherwise)

type Unavailable = (
  observed: StreamJobObserved,
) => Pick<Of<'Available'>, 'reason' | 'message'> | undefined

/** Reasons for which a job is not available; the first that applies is told. */
const unavailable: readonly Unavailable[] = [
  ({ job }) =>
    job.spec.suspend ? { reason: 'Suspended', message: 'spec.suspend is true' } : undefined,
  ({ pods }) => {
    const trouble = troubleOf(pods.map(({ pod }) => pod))
    return trouble === undefined ? undefined : { reason: 'PodsNotReady', message: trouble.message }
  },
  ({ pods }) => {
    const [denied] = pods.flatMap(({ pod, runtime }) => {
      const error = runtime?.lastError
      return error?.reason.endsWith('AuthorizationFailed') ? [{ pod, error }] : []
    })
    if (denied === undefined) return undefined
    const message = `pod ${denied.pod.metadata.name}: ${denied.error.message}`
    return { reason: 'NotAuthorized', message }
  },
  ({ pods }) => {
    const waiting = pods.find(({ runtime }) => runtime?.state === 'Starting' && runtime.lastError)
    if (waiting === undefined) return undefined
    const message = `pod ${waiting.pod.metadata.name}: ${waiting.runtime?.lastError?.message}`
    return { reason: 'PodsNotReady', message }
  },
  ({ job, workload }) => {
    const ready = workload?.status?.readyReplicas ?? 0
    if (isRolledOut(workload) && ready === job.spec.replicas) return undefined
    if (workload?.status?.updatedReplicas !== undefined && ready === job.spec.replicas) {
      return {
        reason: 'RollingOut',
        message: `${workload.status.updatedReplicas} of ${job.spec.replicas} pods have the present spec`,
      }
    }
    return { reason: 'PodsNotReady', message: `${ready} of ${job.spec.replicas} pods are ready` }
  },
  ({ job, kafka }) => {
    if (job.spec.replicas === 0 || !kafka.reachable || kafka.group?.state === 'Stable')
      return undefined
    return {
      reason: 'GroupNotStable',
      message: `the consumer group is ${kafka.group?.state ?? 'not there yet'}`,
    }
  },
  ({ pods }) => {
    const waiting = pods.flatMap(
      ({ runtime }) => runtime?.tasks.filter(({ state }) => state !== 'Running') ?? [],
    )
    if (waiting.length === 0) return undefined
    return {
      reason: 'PodsNotReady',
      message: `restoring the state of ${waiting.map(({ id }) => id).join(', ')}`,
    }
  },
]

function availability(observed: StreamJobObserved, plan: StreamJobPlan): Of<'Available'> {
  if (observed.workload === undefined) {
    const message =
      plan.objection === undefined ? 'pods are being created' : 'pods wait for the conditions above'
    return { type: 'Available', status: 'False', reason: 'PodsNotReady', message }
  }
  const why = unavailable.map((check) => check(observed)).find((found) => found !== undefined)
  if (why !== undefined) return { type: 'Available', status: 'False', ...why }
  return {
    type: 'Available',
    status: 'True',
    reason: 'AllTasksRunning',
    message: 'every task runs',
  }
}

/** A suspended job is as it should be, like a Deployment of no replicas. */
function readiness(parts: readonly Verdict[], { job, workload }: StreamJobObserved): Of<'Ready'> {
  const failing = parts.find(({ status }) => status !== 'True')
  if (failing === undefined) {
    return { type: 'Ready', status: 'True', reason: 'Ready', message: 'every task runs' }
  }
  const suspended =
    failing.type === 'Available' && job.spec.suspend && (workload?.status?.replicas ?? 0) === 0
  if (suspended)
    return { type: 'Ready', status: 'True', reason: 'Suspended', message: failing.message }
  return {
    type: 'Ready',
    status: 'False',
    reason: REASONS[failing.type] ?? 'Pending',
    message: failing.message,
  }
}

const REASONS: Partial<Record<ConditionType, Of<'Ready'>['reason']>> = {
  Accepted: 'NotAccepted',
  KafkaReachable: 'KafkaUnreachable',
  TopicsReady: 'TopicsNotReady',
  Available: 'NotAvailable',
}

function abnormal({ pods }: StreamJobObserved, accepted: Verdict, ready: Verdict): Verdict[] {
  const trouble = troubleOf(pods.map(({ pod }) => pod))
  const crashing = trouble?.crashLoop === true
  const stuck = accepted.status === 'False'
  return [
    {
      type: 'Stalled',
      status: crashing || stuck ? 'True' : 'False',
      reason: crashing ? 'CrashLoop' : 'NeedsAttention',
      message: crashing ? trouble.message : accepted.message,
    },
    {
      type: 'Reconciling',
      status: ready.status === 'True' || crashing || stuck ? 'False' : 'True',
      reason: 'Progressing',
      message: ready.message,
    },
  ]
}
