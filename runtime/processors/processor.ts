import type { FlowRecord } from './flow-record.ts'

/** One operation at work in one task. Synchronous; errors thrown here become the record's fate by `onError`. */
export interface Processor {
  process(record: FlowRecord): void
}

/** Where a processor hands its result: all of the node's children, in the order the user wrote them. */
export type Forward = (record: FlowRecord) => void
