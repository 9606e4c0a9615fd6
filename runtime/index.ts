/** What a TypeScript job imports as `millrace`. */
export { type Job, job, type Output } from './dsl/job.ts'
export type { AsyncOptions } from './dsl/async-options.ts'
export type { OutputFormats } from './dsl/output-formats.ts'
export { Stream, stream, type TypedRecord } from './dsl/stream.ts'
export { type Branches, Split } from './dsl/split.ts'
export type { Joiner, TableHistory } from './dsl/joins.ts'
export type { JoinWithin } from './topology/join-window.ts'
export { type Aggregation, GroupedStream } from './dsl/grouped-stream.ts'
export type { AggregateOptions } from './dsl/emission.ts'
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
export { type ProcessOptions, type Values, valuesOf } from './dsl/process.ts'
export {
  keyValueStore,
  sessionStore,
  type StoreOf,
  type StoreOptions,
  versionedStore,
  windowStore,
} from './dsl/stores.ts'
export type { Outgoing, ProcessorContext, RecordProcessor } from './topology/process-node.ts'
export type {
  KeyValueStore,
  SessionStore,
  Version,
  VersionedStore,
  WindowStore,
} from './topology/user-stores.ts'
export {
  type AggregateFunction,
  avg,
  collect,
  count,
  countIf,
  distinct,
  fields,
  first,
  last,
  max,
  min,
  quantile,
  stddev,
  sum,
  topN,
  variance,
} from './dsl/aggregate-functions.ts'
export type { KeyValue, RecordHeader, StreamRecord, Window } from './topology/record.ts'
export { GlobalTable, globalTable } from './dsl/global-table.ts'
export { GroupedTable, type TableAggregation } from './dsl/grouped-table.ts'
export { Table, table } from './dsl/table.ts'
