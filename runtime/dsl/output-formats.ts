import type { RecordFormat } from '../config.ts'
import { requireWindowKeys } from '../topology/windowed.ts'
import type { JobNode } from './job.ts'

/** How an output topic is written. */
export interface OutputFormats {
  readonly format?: RecordFormat
  readonly keyFormat?: RecordFormat
  /** True: keys are written with the window of their records, as by Kafka Streams' windowed serializers. */
  readonly windowedKey?: boolean
}

/** How what comes from `tail` is written; a format alone is that of the values. */
export function formatsOf(
  formats: RecordFormat | OutputFormats,
  nodes: readonly JobNode[],
  tail: string,
) {
  const options: OutputFormats = typeof formats === 'string' ? { format: formats } : formats
  const { format = 'Json', keyFormat = 'String', windowedKey = false } = options
  const windows = windowedKey ? requireWindowKeys(nodes, tail) : undefined
  return { format, keyFormat, ...(windows && { windows }) }
}
