import type { RecordFormat } from '../config.ts'
import type { AggregateNode, TopologyNode } from './nodes.ts'
import { storesOfProcess } from './process-node.ts'
import type { NumberField, StoreDeclaration } from './store-spec.ts'
import type { WindowAggregate } from './window-nodes.ts'

const windows = (node: WindowAggregate, changesMs: number): StoreDeclaration => ({
  ...{ kind: 'window', name: node.name, format: 'Json', retainDuplicates: false },
  retentionMs: retentionOf(node, changesMs),
})

/** What is emitted as it closes has to be there then. */
const retentionOf = ({ graceMs, emit }: WindowAggregate, changesMs: number): number =>
  changesMs + graceMs + Number(emit === 'OnClose')

/** How they are worked out is not the store's concern: the same state serves another expression. */
const numbersOf = ({ fields }: Pick<AggregateNode, 'fields'>) =>
  fields === undefined
    ? {}
    : {
        numbers: fields.map(({ name, members, initial }): NumberField => ({
          name,
          members,
          initial,
        })),
      }

/** Of a store that values are only added to. */
const APPENDED = { kind: 'window', appended: true } as const

/** The format of the values that come to a node. */
export type FormatInto = (node: string) => RecordFormat

type Declare<K extends TopologyNode['kind']> = (
  node: Extract<TopologyNode, { kind: K }>,
  formatInto: FormatInto,
) => readonly StoreDeclaration[]

/** What each kind of node keeps; kinds that are not here keep nothing. */
const declarations: { readonly [K in TopologyNode['kind']]?: Declare<K> } = {
  aggregate: (node) => [
    { ...{ kind: 'key-value', name: node.name, format: 'Json' }, ...numbersOf(node) },
  ],
  'to-table': ({ name, historyMs }, formatInto) => [
    historyMs === undefined
      ? { kind: 'key-value', name, format: formatInto(name) }
      : { kind: 'versioned', name, historyMs, format: formatInto(name) },
  ],
  process: storesOfProcess,
  'table-aggregate': ({ name }) => [{ kind: 'key-value', name, format: 'Json' }],
  'foreign-key-subscriptions': ({ name }) => [{ kind: 'key-value', name, format: 'Bytes' }],
  'stream-join': ({ name, side, window, reads: [other], unmatched }, formatInto) => {
    const { beforeMs, afterMs, graceMs } = window
    const retentionMs = beforeMs + afterMs + graceMs
    const format = formatInto(name)
    const own = { ...APPENDED, name, retentionMs, retainDuplicates: true, format }
    if (side === 'right' || unmatched === undefined) return [own]
    return [own, { kind: 'unmatched', name: unmatched, format, rightFormat: formatInto(other) }]
  },
  // Records wait as those wait that have met nothing: by time, with their duplicates.
  'table-join': ({ name, graceMs }) =>
    graceMs === undefined ? [] : [{ kind: 'unmatched', name, format: 'Json', rightFormat: 'Json' }],
  deduplicate: ({ name, withinMs }) => [
    {
      ...APPENDED,
      name,
      retentionMs: keptFor(withinMs),
      retainDuplicates: false,
      format: 'Json',
    },
  ],
  burst: ({ name, withinMs }, formatInto) => [
    {
      ...APPENDED,
      name,
      retentionMs: keptFor(withinMs),
      retainDuplicates: true,
      format: formatInto(name),
    },
  ],
  'window-aggregate': (node) => [{ ...windows(node, node.sizeMs), ...numbersOf(node) }],
  'sliding-aggregate': (node) => [windows(node, 2 * node.sizeMs)],
  'session-aggregate': (node) => [
    {
      kind: 'session',
      name: node.name,
      format: 'Json',
      retentionMs: retentionOf(node, node.gapMs),
      // What is emitted as it closes is looked for by its end, whatever its key.
      ...(node.emit === 'OnUpdate' && numbersOf(node)),
    },
  ],
  suppress: ({ name, maxBytes }) => [
    { kind: 'buffer', name, format: 'Json', countsBytes: maxBytes !== undefined },
  ],
}

/** The earliest record that is not late looks back as far again; what is as old as the retention is gone already. */
const keptFor = (withinMs: number): number => 2 * withinMs + 1

/** The stores that a node has, each by the node's name or by another that is the user's. */
export const storesOf = (node: TopologyNode, formatInto: FormatInto): readonly StoreDeclaration[] =>
  declarations[node.kind]?.(node as never, formatInto) ?? []

/** Nodes whose stores a node reads beside its own: all of them run in one task. */
export const sharedStoresOf = (node: TopologyNode): readonly string[] =>
  'reads' in node ? node.reads : []
