import type { RuntimeStatus } from '../../runtime/config.ts'
import { HTTP_PORT } from './desired/names.ts'
import type { Pod } from './workload.ts'

/** Asks a pod what it does. undefined when it does not answer. */
export type ReadPodStatus = (pod: Pod) => Promise<RuntimeStatus | undefined>

const TIMEOUT_MS = 1000

export const readPodStatusByHttp: ReadPodStatus = async ({ status }) => {
  if (status?.podIP === undefined) return undefined
  const host = status.podIP.includes(':') ? `[${status.podIP}]` : status.podIP
  try {
    const response = await fetch(`http://${host}:${HTTP_PORT}/status`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return response.ok ? ((await response.json()) as RuntimeStatus) : undefined
  } catch {
    return undefined
  }
}
