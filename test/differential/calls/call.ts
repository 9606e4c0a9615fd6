import type { GlobalTable } from '../../../runtime/dsl/global-table.ts'
import type { GroupedStream } from '../../../runtime/dsl/grouped-stream.ts'
import type { GroupedTable } from '../../../runtime/dsl/grouped-table.ts'
import type { Output } from '../../../runtime/dsl/job.ts'
import type { Stream, TypedRecord } from '../../../runtime/dsl/stream.ts'
import type { Table } from '../../../runtime/dsl/table.ts'
import type { WindowedStream } from '../../../runtime/dsl/windowed-stream.ts'
import type { Json, Op } from '../case.ts'
import type { Feature } from '../features.ts'
import type { Keys } from '../keys.ts'

/** What the calls so far have given, by name. */
export class Built {
  readonly outputs: Output[] = []
  readonly #results = new Map<string, unknown>()
  readonly #keys: ReadonlyMap<string, Keys>

  constructor(keys: ReadonlyMap<string, Keys>) {
    this.#keys = keys
  }

  isWindowed(name: string): boolean {
    return (this.#keys.get(name)?.kind ?? 'plain') !== 'plain'
  }

  set(name: string, result: unknown): void {
    this.#results.set(name, result)
  }

  stream(name: string): Stream<Json> {
    return this.#results.get(name) as Stream<Json>
  }

  table(name: string): Table<Json> {
    return this.#results.get(name) as Table<Json>
  }

  globalTable(name: string): GlobalTable<Json> {
    return this.#results.get(name) as GlobalTable<Json>
  }

  grouped(name: string): GroupedStream<Json> {
    return this.#results.get(name) as GroupedStream<Json>
  }

  windowed(name: string): WindowedStream<Json> {
    return this.#results.get(name) as WindowedStream<Json>
  }

  groupedTable(name: string): GroupedTable<Json> {
    return this.#results.get(name) as GroupedTable<Json>
  }
}

type OpOf<K extends Op['op'], O = Op> = O extends { readonly op: infer N }
  ? K extends N
    ? O
    : never
  : never
/** Makes of an operation a call of our own DSL. */
export type Call = (op: Op, built: Built) => void

/** Keeps what the call gives under the name of the operation. */
export const call =
  <K extends Op['op']>(_: K, make: (op: OpOf<K>, built: Built) => unknown): Call =>
  (op, built) =>
    built.set(op.name, make(op as OpOf<K>, built))

export type Calls = Readonly<Record<Feature, Call>>

/** A record as the functions of cases see it. */
export const seen = ({ key, window, value }: TypedRecord<Json>) => ({
  key: key === null || window === null ? key : `${key}@${window.start}`,
  value,
})
