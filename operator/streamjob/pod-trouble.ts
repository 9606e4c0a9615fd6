import { understood } from '../../runtime/platform/last-words.ts'
import type { ContainerStatus, Pod } from './workload.ts'

/** Why a pod is not ready, in words of its own where there are any. */
export interface PodTrouble {
  readonly reason: string
  readonly message: string
  readonly crashLoop: boolean
}

const MAX_MESSAGE_CHARS = 800

export function troubleOf(pods: readonly Pod[]): PodTrouble | undefined {
  return pods.map(troubleOfPod).find((trouble) => trouble !== undefined)
}

function troubleOfPod(pod: Pod): PodTrouble | undefined {
  const { containerStatuses = [], conditions = [] } = pod.status ?? {}
  const unschedulable = conditions.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  )
  if (unschedulable !== undefined) {
    return trouble(pod, unschedulable.reason ?? 'Unschedulable', unschedulable.message ?? '')
  }
  return containerStatuses
    .map((container) => troubleOfContainer(pod, container))
    .find((found) => found !== undefined)
}

/** Reasons of a container that waits although nothing is wrong. */
const STARTING = new Set(['ContainerCreating', 'PodInitializing'])

function troubleOfContainer(pod: Pod, container: ContainerStatus): PodTrouble | undefined {
  if (container.ready) return undefined
  return lastWords(pod, container) ?? whyItWaits(pod, container.state?.waiting)
}

/** What the program said when it last ended: a termination message if it left one. */
function lastWords(pod: Pod, { state, lastState }: ContainerStatus): PodTrouble | undefined {
  const terminated = lastState?.terminated
  if (terminated === undefined) return undefined
  const { reason, message } = understood(
    terminated.message?.trim() ?? `exit code ${terminated.exitCode}`,
  )
  const crashLoop = state?.waiting?.reason === 'CrashLoopBackOff'
  return { ...trouble(pod, reason ?? terminated.reason ?? 'Error', message), crashLoop }
}

function whyItWaits(pod: Pod, waiting: Waiting | undefined): PodTrouble | undefined {
  if (waiting === undefined || STARTING.has(waiting.reason ?? '')) return undefined
  return trouble(pod, waiting.reason ?? 'Waiting', waiting.message ?? '')
}

type Waiting = NonNullable<NonNullable<ContainerStatus['state']>['waiting']>

const trouble = (pod: Pod, reason: string, said: string): PodTrouble => ({
  reason,
  message: `pod ${pod.metadata.name}: ${said}`.slice(0, MAX_MESSAGE_CHARS),
  crashLoop: false,
})
