import type { FetchedRecord } from '../broker/fetched-records.ts'
import { serdes } from '../serde/serde.ts'
import type { RecordFormats } from '../topology/repartition-formats.ts'
import { decoded, headerTexts } from './records.ts'

/** A record that was set aside: where it came from, and why it is here. */
export interface DeadLetter {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The step that failed. */
  readonly node: string
  /** Such as `InvalidJson`. */
  readonly reason: string
  readonly message: string
  /** Decoded as its topic has it; as text if it cannot be. */
  readonly key: unknown
  readonly value: unknown
}

/** `formatsOf`: of the topic that it came from. */
export function deadLetterOf(
  { key, value, headers }: FetchedRecord,
  formatsOf: (topic: string) => RecordFormats,
): DeadLetter {
  const told = headerTexts(headers)
  const of = (name: string) => told[`millrace.${name}`] ?? ''
  const { format, keyFormat } = formatsOf(of('topic'))
  return {
    topic: of('topic'),
    partition: Number(of('partition')),
    offset: Number(of('offset')),
    node: of('node'),
    reason: of('reason'),
    message: of('message'),
    key: decoded(key, serdes[keyFormat]),
    value: decoded(value, serdes[format]),
  }
}
