import type { RecordFormat } from '../config.ts'

/** How an output topic is written. */
export interface OutputFormats {
  readonly format?: RecordFormat
  readonly keyFormat?: RecordFormat
}

/** A format alone is that of the values. */
export function formatsOf(formats: RecordFormat | OutputFormats): Required<OutputFormats> {
  const { format = 'Json', keyFormat = 'String' } =
    typeof formats === 'string' ? { format: formats } : formats
  return { format, keyFormat }
}
