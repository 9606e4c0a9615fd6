import type { InputNode } from './job.ts'

/**
 * A topic as a table of which every thread has a copy, all partitions of it: streams join it by any key, and need not be
 * moved. For tables that are small and seldom change, such as products or currencies.
 *
 * @example
 * const rates = globalTable<{ euros: number }>('rates')
 */
export const globalTable = <V = unknown>(input: string): GlobalTable<V> => new GlobalTable(input)

/** Use `globalTable(input)`, then `stream.joinGlobal`. */
export class GlobalTable<V> {
  readonly node: InputNode
  /** The type of its values; there is nothing here when the job runs. */
  declare readonly values: V

  constructor(input: string) {
    this.node = { kind: 'input', name: input, as: 'GlobalTable' }
  }
}
