import type { StreamJob } from '../../crds/index.ts'
import type { KubeObject } from '../kube/kube.ts'
import { configMap } from './desired/config-map.ts'
import { service } from './desired/service.ts'
import { statefulSet } from './desired/stateful-set.ts'
import type { StreamJobObserved } from './observe.ts'
import { firstObjection } from './policies.ts'
import { remadeBy, textOf } from './state-change.ts'

export const JOB_FINALIZER = 'millrace.dev/cleanup'

/** After this a deletion leaves behind what it could not clean up. */
const CLEANUP_DEADLINE_MS = 2 * 60_000

export interface StreamJobPlan {
  /** Objects to apply, in this order. */
  readonly apply: readonly KubeObject[]
  readonly finalizer: boolean
  /** Why pods may not start now. Pods that run already go on: a topic that is gone for a moment is no reason to stop. */
  readonly objection?: ReturnType<typeof firstObjection>
  /** What is said of state that is made another way from now on; '' or unset if there is none. */
  readonly remade?: string
  /** For a job that is being deleted: end its pods, wait for that and for Kafka, delete topics and group, or give up. */
  readonly cleanUp: 'nothing' | 'stop' | 'wait' | 'delete' | 'orphan'
}

export function planStreamJob(
  observed: StreamJobObserved,
  defaultImage: string,
  now: number,
): StreamJobPlan {
  const { job, workload, code } = observed
  if (job.metadata.deletionTimestamp !== undefined) return planDeletion(observed, now)
  const finalizer = job.spec.deletionPolicy === 'Delete'
  const objection = firstObjection(observed)
  if (objection !== undefined && (workload === undefined || holdsBack(objection, job)))
    return { apply: [], finalizer, objection, cleanUp: 'nothing' }
  const text = 'text' in code ? code.text : undefined
  const apply = [configMap(job, text), service(job), statefulSet(job, { defaultImage, code: text })]
  return { apply, finalizer, objection, remade: textOf(remadeBy(observed)), cleanUp: 'nothing' }
}

/**
 * Whether the pods of the present spec are worse than those that run. Without a Secret that they mount they could not even
 * start; a suspended job has none.
 */
const holdsBack = ({ type, reason }: NonNullable<StreamJobPlan['objection']>, job: StreamJob) =>
  type === 'Accepted' || (reason === 'SecretNotFound' && !job.spec.suspend)

/**
 * Internal topics go only after the pods, which would write to them again. The pods must be ended by us: the garbage
 * collector waits until the job is gone, which waits for our finalizer.
 */
function planDeletion(
  { job, workload, pods, kafka }: StreamJobObserved,
  now: number,
): StreamJobPlan {
  const nothing = { apply: [], finalizer: false, cleanUp: 'nothing' } as const
  if (job.metadata.finalizers?.includes(JOB_FINALIZER) !== true) return nothing
  const late = now - Date.parse(job.metadata.deletionTimestamp ?? '') > CLEANUP_DEADLINE_MS
  if (late) return { apply: [], finalizer: false, cleanUp: 'orphan' }
  if (workload !== undefined) return { apply: [], finalizer: true, cleanUp: 'stop' }
  if (pods.length > 0 || !kafka.reachable) return { apply: [], finalizer: true, cleanUp: 'wait' }
  return { apply: [], finalizer: false, cleanUp: 'delete' }
}
