import type { Condition, ConditionType, ReasonOf } from '../../crds/index.ts'

/** A verdict on one aspect, as a kind states it; time and generation are added by `withConditions`. */
export type Verdict = {
  [T in ConditionType]: {
    readonly type: T
    readonly status: 'True' | 'False' | 'Unknown'
    readonly reason: ReasonOf<T>
    readonly message: string
  }
}[ConditionType]

/** What every kind says of its cluster; `trouble` is why that cannot be asked. */
export function reachability(
  trouble:
    | {
        readonly reason: Exclude<ReasonOf<'KafkaReachable'>, 'Connected'>
        readonly message: string
      }
    | undefined,
): Extract<Verdict, { type: 'KafkaReachable' }> {
  const type = 'KafkaReachable'
  if (trouble === undefined)
    return { type, status: 'True', reason: 'Connected', message: 'Kafka answers' }
  const { reason, message } = trouble
  return { type, status: 'False', reason, message }
}

/** Present only while they hold (kstatus): their absence is the good case. */
const ABNORMAL: ReadonlySet<ConditionType> = new Set(['DataLoss', 'Reconciling', 'Stalled'])

const MAX_MESSAGE_CHARS = 1024

/** Verdicts as conditions: `lastTransitionTime` moves only when the status does, so that equal states compare equal. */
export function withConditions(
  before: readonly Condition[] = [],
  verdicts: readonly Verdict[],
  { now, generation }: { readonly now: number; readonly generation: number },
): Condition[] {
  return verdicts
    .filter(({ type, status }) => !ABNORMAL.has(type) || status === 'True')
    .map(({ type, status, reason, message }) => {
      const old = before.find((condition) => condition.type === type)
      const lastTransitionTime =
        old?.status === status
          ? old.lastTransitionTime
          : `${new Date(now).toISOString().slice(0, 19)}Z`
      return {
        type,
        status,
        reason,
        message: message.slice(0, MAX_MESSAGE_CHARS),
        lastTransitionTime,
        observedGeneration: generation,
      }
    })
}
