import type { StreamJob, StreamJobStatus } from '../../crds/index.ts'
import type { Verdict } from '../engine/conditions.ts'

type Phase = NonNullable<StreamJobStatus['phase']>

/** The conditions in one word, for the printer column. Never the ground of a decision. */
export function phaseOf({ metadata, spec }: StreamJob, verdicts: readonly Verdict[]): Phase {
  const holds = (type: Verdict['type']) =>
    verdicts.some((verdict) => verdict.type === type && verdict.status === 'True')
  const words: readonly (readonly [boolean, Phase])[] = [
    [metadata.deletionTimestamp !== undefined, 'Deleting'],
    [holds('Stalled'), 'Failed'],
    [spec.suspend, 'Suspended'],
    [holds('Ready'), 'Running'],
    [holds('TopicsReady'), 'Starting'],
  ]
  return words.find(([applies]) => applies)?.[1] ?? 'Pending'
}
