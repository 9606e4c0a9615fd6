import type { PunctuationTime } from '../topology/process-node.ts'
import type { FlowRecord } from './flow-record.ts'

/** What the task does for users' processors. */
export interface ProcessorHost {
  readonly taskId: string
  readonly partition: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** The latest event time that the task has seen; -1 before the first record. */
  readonly streamTime: () => number
  /** Has the processor begun once the stores are restored, and closed when the task ends. */
  readonly attach: (node: string, life: ProcessorLife) => void
  /** Returns what ends it. */
  readonly schedule: (punctuation: Punctuation) => () => void
}

export interface ProcessorLife {
  begin(): void
  close(): void
}

export interface Punctuation {
  readonly node: string
  readonly time: PunctuationTime
  readonly intervalMs: number
  /** Gets a record without key and value, from nowhere, at the time that it is. */
  readonly run: (record: FlowRecord) => void
}
