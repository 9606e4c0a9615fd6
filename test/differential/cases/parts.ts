import type { CaseRecord, Json, Op, Sink, Source } from '../case.ts'

/** A record of the only input, as `[time, key, value]`. */
export type Given = readonly [ts: number, key: string | null, value: Json]

export const source = (op: Source['op'], name = 'in'): Source => ({ op, name, topic: name })

export const written = (from: string): Sink => ({
  op: 'to',
  name: `${from}-out`,
  from,
  topic: `out-${from}`,
})

export const tableWritten = (from: string): readonly Op[] => [
  { op: 'toStream', name: `${from}-updates`, from },
  { ...written(`${from}-updates`), topic: `out-${from}` },
]

export const into = (topic: string, ...records: readonly Given[]): CaseRecord[] =>
  records.map(([ts, key, value]) => ({ topic, key, value, ts }))

/** A record of one of several inputs. */
export type Mixed = readonly [topic: string, ...Given]

export const mixed = (...records: readonly Mixed[]): CaseRecord[] =>
  records.map(([topic, ts, key, value]) => ({ topic, key, value, ts }))
