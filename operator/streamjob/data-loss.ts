import type { Verdict } from '../engine/conditions.ts'
import type { StreamJobObserved } from './observe.ts'
import { troubleOf } from './pod-trouble.ts'
import { isRolledOut } from './workload.ts'

type DataLoss = Extract<Verdict, { type: 'DataLoss' }>

const MAX_RANGES_SHOWN = 5

/**
 * Holds from when pods tell of a loss until the spec changes: a pod that has started anew no longer knows of it, and
 * somebody is to see it.
 */
export function dataLoss(observed: StreamJobObserved): DataLoss {
  const told = toldByPods(observed) ?? toldByLastWords(observed) ?? toldBefore(observed)
  return {
    type: 'DataLoss',
    status: told === undefined ? 'False' : 'True',
    reason: 'RecordsRemoved',
    message: told ?? '',
  }
}

/** Pods of an earlier spec have told it before. */
function toldByPods({ job, workload, pods }: StreamJobObserved): string | undefined {
  const isOfThisSpec = job.status?.observedGeneration === job.metadata.generation
  if (!isOfThisSpec || !isRolledOut(workload)) return undefined
  const runtimes = pods.flatMap(({ runtime }) => runtime ?? [])
  const lost = runtimes.reduce((sum, { counts }) => sum + counts.lost, 0)
  if (lost === 0) return undefined
  const ranges = runtimes
    .flatMap(({ losses }) => losses)
    .map(({ topic, partition, from, to }) => `${topic}-${partition} offsets ${from} to ${to}`)
  const more = ranges.length > MAX_RANGES_SHOWN ? ', and more before' : ''
  const shown = ranges.slice(-MAX_RANGES_SHOWN).join(', ')
  return `${lost} offsets were removed before they were read: ${shown}${more}`
}

function toldByLastWords({ pods }: StreamJobObserved): string | undefined {
  const trouble = troubleOf(pods.map(({ pod }) => pod))
  return trouble?.reason === 'DataLoss' ? trouble.message : undefined
}

function toldBefore({ job }: StreamJobObserved): string | undefined {
  const before = job.status?.conditions?.find(({ type }) => type === 'DataLoss')
  const isOfThisSpec = before?.observedGeneration === job.metadata.generation
  return before?.status === 'True' && isOfThisSpec ? before.message : undefined
}
