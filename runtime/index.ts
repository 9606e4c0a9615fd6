/** What a TypeScript job imports as `millrace`. */
export { type Job, job, type Output } from './dsl/job.ts'
export type { AsyncOptions } from './dsl/async-options.ts'
export { type OutputFormats, Stream, stream, type TypedRecord } from './dsl/stream.ts'
export { type Branches, Split } from './dsl/split.ts'
export { type Aggregation, GroupedStream } from './dsl/grouped-stream.ts'
export { WindowedStream, type WindowedTable } from './dsl/windowed-stream.ts'
export {
  hopping,
  session,
  sliding,
  tumbling,
  type WindowOptions,
  type Windows,
} from './dsl/windows.ts'
export {
  type Suppression,
  type SuppressionBounds,
  untilTimeLimit,
  untilWindowCloses,
} from './dsl/suppression.ts'
export type { KeyValue, RecordHeader, StreamRecord, Window } from './topology/record.ts'
export { Table } from './dsl/table.ts'
