import type { StreamJob } from '../../crds/index.ts'
import type { Clock } from '../../runtime/platform/clock.ts'
import {
  type ControllerSpec,
  type Key,
  keyOf,
  type Next,
  ownerKey,
} from '../engine/controller-spec.ts'
import { writeStatus } from '../engine/write-status.ts'
import type { Events } from '../kube/events.ts'
import { kinds } from '../kube/kinds.ts'
import type { KubeObject } from '../kube/kube.ts'
import { applyAll, cleanUp } from './act.ts'
import { JOB_LABEL, workloadName } from './desired/names.ts'
import { shownLag } from './lag.ts'
import { type ObserveDeps, observeStreamJob, type StreamJobObserved } from './observe.ts'
import { JOB_FINALIZER, planStreamJob, type StreamJobPlan } from './plan.ts'
import { streamJobStatus } from './status.ts'

export interface StreamJobDeps extends ObserveDeps {
  readonly events: Events
  readonly clock: Clock
  /** Image of pods whose job names none. */
  readonly defaultImage: string
}

/** Offsets and pods' own words come without a watch. */
const LOOK_AGAIN_MS = 30_000
const PENDING_MS = 2000
const BLOCKED_MS = 5000

export function streamJobController(deps: StreamJobDeps): ControllerSpec {
  const lags = new Map<string, number>()
  return {
    name: 'StreamJob',
    watches: [
      { kind: kinds.streamJob, keysOf: (object) => [keyOf(object)] },
      {
        kind: kinds.statefulSet,
        labelSelector: JOB_LABEL,
        keysOf: (object) => ownerKey(object, 'StreamJob'),
      },
      {
        kind: kinds.configMap,
        labelSelector: JOB_LABEL,
        keysOf: (object) => ownerKey(object, 'StreamJob'),
      },
      {
        kind: kinds.service,
        labelSelector: JOB_LABEL,
        keysOf: (object) => ownerKey(object, 'StreamJob'),
      },
      { kind: kinds.pod, labelSelector: JOB_LABEL, keysOf: jobOfPod },
    ],
    reconcile: (key) => reconcileStreamJob(key, deps, lags),
  }
}

const jobOfPod = ({ metadata }: KubeObject): readonly Key[] => {
  const name = metadata.labels?.[JOB_LABEL]
  return name === undefined ? [] : [{ namespace: metadata.namespace ?? '', name }]
}

/** `lagShownAt`: when the shown lag of a job was last renewed, by uid; in the status it would be a write of its own. */
async function reconcileStreamJob(
  key: Key,
  deps: StreamJobDeps,
  lagShownAt: Map<string, number>,
): Promise<Next> {
  const observed = await observeStreamJob(key, deps)
  if (observed === undefined) return {}
  const { job } = observed
  const plan = planStreamJob(observed, deps.defaultImage, deps.clock.now())
  if (job.metadata.deletionTimestamp !== undefined) return finish(observed, plan, deps, lagShownAt)
  await deps.kube.setFinalizer({ ...kinds.streamJob, ...key }, JOB_FINALIZER, plan.finalizer)
  await report(observed, plan, deps, lagShownAt)
  await applyAll(plan.apply, deps.kube)
  if (plan.remade) deps.events.record(job, 'Warning', 'StateRemade', plan.remade)
  if (plan.objection !== undefined) return { againMs: BLOCKED_MS }
  return { againMs: isReady(job) ? LOOK_AGAIN_MS : PENDING_MS }
}

async function report(
  observed: StreamJobObserved,
  plan: StreamJobPlan,
  deps: StreamJobDeps,
  lagShownAt: Map<string, number>,
): Promise<void> {
  const { job } = observed
  const now = deps.clock.now()
  const status = streamJobStatus(observed, plan, { now, lag: lagToShow(observed, now, lagShownAt) })
  const wasReady = isReady(job)
  await writeStatus(deps.kube, job, status)
  job.status = status
  if (!wasReady && isReady(job)) deps.events.record(job, 'Normal', 'Ready', 'every task runs')
  const stalled = status.conditions?.find(({ type }) => type === 'Stalled')
  if (stalled !== undefined) deps.events.record(job, 'Warning', stalled.reason, stalled.message)
}

function lagToShow(
  { job, kafka }: StreamJobObserved,
  now: number,
  shownAt: Map<string, number>,
): number | undefined {
  const { uid = '' } = job.metadata
  const before = { lag: job.status?.lag, sinceMs: shownAt.get(uid) ?? 0 }
  const lag = shownLag(kafka.reachable ? kafka.lag : undefined, before, now)
  if (lag !== before.lag) shownAt.set(uid, now)
  return lag
}

const isReady = ({ status }: StreamJob): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ===
  true

async function finish(
  observed: StreamJobObserved,
  plan: StreamJobPlan,
  deps: StreamJobDeps,
  lagShownAt: Map<string, number>,
): Promise<Next> {
  const { job } = observed
  const { name, namespace = '' } = job.metadata
  if (plan.cleanUp === 'stop') {
    await deps.kube.delete({ ...kinds.statefulSet, namespace, name: workloadName(job) })
  }
  if (plan.cleanUp === 'stop' || plan.cleanUp === 'wait') {
    // Pods that end may still name topics that they have made.
    await report(observed, plan, deps, lagShownAt)
    return { againMs: PENDING_MS }
  }
  if (plan.cleanUp !== 'nothing') lagShownAt.delete(job.metadata.uid ?? '')
  if (plan.cleanUp === 'delete') await cleanUp(job, await deps.kafka(job))
  if (plan.cleanUp === 'orphan') {
    const note =
      'internal topics and the consumer group stay: pods or Kafka could not be dealt with in time'
    deps.events.record(job, 'Warning', 'CleanupSkipped', note)
  }
  await deps.kube.setFinalizer({ ...kinds.streamJob, namespace, name }, JOB_FINALIZER, false)
  return {}
}
