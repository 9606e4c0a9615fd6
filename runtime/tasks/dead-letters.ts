import type { Header } from '../broker/record-batch.ts'
import type { BadRecord } from '../errors.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import type { OutputCollector, OutputRecord } from './output-collector.ts'

const MAX_MESSAGE_CHARS = 1024

/** What is set aside: of a record that came, as it came. */
export interface LetterBytes {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export interface DeadLetterTarget extends LetterBytes {
  readonly topic: string
  readonly job: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * The bytes, the record's own headers, and where it came from and why it is here. Its time is that of being set aside:
 * retention goes by that, and must not take the letter of an old record at once.
 */
function deadLetter(
  record: FlowRecord,
  error: BadRecord,
  { topic, job, now, key, value }: DeadLetterTarget,
): OutputRecord {
  return {
    topic,
    key,
    value,
    timestamp: now,
    headers: [
      ...record.originalHeaders().map((header): Header => [header.key, header.value]),
      text('millrace.job', job),
      text('millrace.topic', record.topic),
      text('millrace.partition', String(record.partition)),
      text('millrace.offset', String(record.offset)),
      text('millrace.timestamp', String(record.timestamp)),
      text('millrace.node', error.node),
      text('millrace.reason', error.reason),
      text('millrace.message', error.message.slice(0, MAX_MESSAGE_CHARS)),
    ],
  }
}

/** Throws when the topic is known not to take it: setting it aside would lose it. */
export function stageDeadLetter(
  record: FlowRecord,
  error: BadRecord,
  to: DeadLetterTarget & { readonly collector: OutputCollector },
): void {
  try {
    to.collector.stage(deadLetter(record, error, to))
  } catch (refusal) {
    const { topic, partition, offset } = record
    const { name, message } = refusal as Error
    const why = `${topic}-${partition}@${offset}: ${error.reason} in "${error.node}": ${error.message}\nIt cannot be set aside, either: ${message}`
    throw Object.assign(new Error(why, { cause: refusal }), { name })
  }
}

const text = (name: string, value: string): Header => [name, Buffer.from(value, 'utf8')]
