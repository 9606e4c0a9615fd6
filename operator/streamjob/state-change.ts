import type { StreamJob } from '../../crds/index.ts'
import { type RuntimeConfig, runtimeConfigSchema } from '../../runtime/config.ts'
import { type ChangeReason, changeOf } from '../../runtime/upgrade.ts'
import { CONFIG_FILE } from './desired/config-map.ts'
import { runtimeConfig } from './desired/runtime-config.ts'
import type { ConfigMap } from './workload.ts'

interface Observed {
  readonly job: StreamJob
  /** What the pods were last given. */
  readonly applied?: RuntimeConfig
}

/** What a pod of this ConfigMap runs; undefined if there is none, or if it was written for another version. */
export function appliedConfig(configMap: ConfigMap | undefined): RuntimeConfig | undefined {
  try {
    return runtimeConfigSchema.parse(JSON.parse(configMap?.data?.[CONFIG_FILE] ?? ''))
  } catch {
    return undefined
  }
}

/** State that the present spec would not find again, and that the user has not given up. */
export function lossesOf({ job, applied }: Observed): readonly ChangeReason[] {
  const givenUp = new Set(job.spec.upgrade?.allowStateLossOf)
  return reasonsOf({ job, applied }, 'LosesState').filter(({ subject }) => !givenUp.has(subject))
}

/** State that the present spec finds, and makes another way from now on. */
export const remadeBy = (observed: Observed): readonly ChangeReason[] =>
  reasonsOf(observed, 'NeedsRebuild')

function reasonsOf(
  { job, applied }: Observed,
  wanted: ChangeReason['verdict'],
): readonly ChangeReason[] {
  if (applied === undefined) return []
  const change = changeOf(applied, runtimeConfigSchema.parse(runtimeConfig(job)))
  return change?.reasons.filter(({ verdict }) => verdict === wanted) ?? []
}

const MAX_REASONS_SHOWN = 3

export function textOf(reasons: readonly ChangeReason[]): string {
  const shown = reasons.slice(0, MAX_REASONS_SHOWN)
  const more = reasons.length > shown.length ? [`and ${reasons.length - shown.length} more`] : []
  return [...shown.map(({ subject, message }) => `"${subject}" ${message}`), ...more].join('\n')
}
