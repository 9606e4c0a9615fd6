import { createHash } from 'node:crypto'
import type { RecordFormat } from '../config.ts'
import type { TopologyNode } from './nodes.ts'
import { valueFormatInto } from './repartition-formats.ts'
import { CHANGES_KEY } from './repartitioning.ts'
import type { StoreDeclaration } from './store-spec.ts'
import { storesOf } from './stores.ts'
import { lineageOf, sourceTopicsOf, type Topology } from './topology.ts'

/**
 * What of a job its state depends on: plain JSON, equal for jobs that can take each other's state over. Filters, maps and
 * outputs are not in it, nor is what a TypeScript function does.
 */
export interface TopologyShape {
  /** By name. */
  readonly stores: readonly StoreShape[]
  /** Repartition topics, by name. */
  readonly repartitions: readonly RepartitionShape[]
}

export interface StoreShape {
  readonly name: string
  readonly layout: StoreDeclaration['kind']
  /** How values and keys are written to the changelog; the key's only where the store has one of its own. */
  readonly format: RecordFormat
  readonly keyFormat?: RecordFormat
  readonly changelog: boolean
  /** Milliseconds; of windows, sessions and versions. */
  readonly retentionMs?: number
  readonly retainDuplicates?: boolean
  /** The node that has it: its kind, and what of it is no function, such as its expressions and the size of its windows. */
  readonly node: Readonly<Record<string, unknown>>
  /** What its keys are, one for each way that leads to it: `value.card`, or `the key of payments`. */
  readonly keys: readonly string[]
  /** Topics of the user's whose records come to it. */
  readonly topics: readonly string[]
}

export interface RepartitionShape {
  readonly name: string
  /** Unset: as many as there are tasks that write it. */
  readonly partitions?: number
}

export function shapeOf(topology: Topology): TopologyShape {
  const formatInto = (node: string) => valueFormatInto(node, topology)
  return {
    stores: topology.nodes
      .flatMap((node) =>
        storesOf(node, formatInto).map((store) => storeShape(store, node, topology)),
      )
      .sort(byName),
    repartitions: topology.nodes
      .flatMap((node) => (node.kind === 'repartition' ? [repartitionShape(node)] : []))
      .sort(byName),
  }
}

/** Differs where shapes do. */
export const fingerprintOf = (shape: TopologyShape): string =>
  createHash('sha256').update(canonicalJson(shape)).digest('hex').slice(0, 16)

/** The same text for equal values, in whatever order their fields were written. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  )

function storeShape(store: StoreDeclaration, node: TopologyNode, topology: Topology): StoreShape {
  const { name, kind, format, keyFormat, changelog = true } = store
  const lineage = lineageOf(topology.nodes, node.name)
  return {
    name,
    layout: kind,
    format,
    ...(keyFormat === undefined ? {} : { keyFormat }),
    changelog,
    ...('retentionMs' in store ? { retentionMs: store.retentionMs } : {}),
    ...('historyMs' in store ? { retentionMs: store.historyMs } : {}),
    ...('retainDuplicates' in store ? { retainDuplicates: store.retainDuplicates } : {}),
    node: dataOf(node),
    keys: keysAbove(node, topology),
    topics: sourceTopicsOf({
      nodes: topology.nodes.filter(({ name: at }) => lineage.has(at)),
    }).toSorted(),
  }
}

/** Where a foreign key is looked up, two topics bear the name of the step. */
const repartitionShape = ({
  stem,
  carries = 'values',
  partitions,
}: Extract<TopologyNode, { kind: 'repartition' }>): RepartitionShape => ({
  name: carries === 'values' || carries === 'changes' ? stem : `${stem}-${carries}`,
  ...(partitions === undefined ? {} : { partitions }),
})

/**
 * Where a node stands and what it hands on, and when, is not what its state is made of; its stores have shapes of their own;
 * and what follows from the label of an aggregate would say the same twice.
 */
const NO_DATA: ReadonlySet<string> = new Set([
  'name',
  'parent',
  'parents',
  'reads',
  'stores',
  'outputs',
  'emit',
  'fields',
  'irreversible',
  'historyMs',
])

/** JSON leaves functions out. */
function dataOf(node: TopologyNode): Readonly<Record<string, unknown>> {
  const data = Object.entries(node).filter(([field]) => !NO_DATA.has(field))
  return JSON.parse(JSON.stringify(Object.fromEntries(data))) as Readonly<Record<string, unknown>>
}

/** What chose the keys last, on each way from the sources. */
function keysAbove({ name }: TopologyNode, { nodes }: Topology): readonly string[] {
  const choosesKey = (node: TopologyNode) =>
    node.name !== name && (node.kind === 'source' || CHANGES_KEY.has(node.kind))
  const lineage = lineageOf(nodes, name, choosesKey)
  const keys = nodes
    .filter((node) => lineage.has(node.name) && choosesKey(node))
    .map((node) =>
      node.kind === 'source'
        ? `the key of ${node.topic} (${node.keyFormat})`
        : 'label' in node && node.label !== ''
          ? node.label
          : `what ${node.name} chooses`,
    )
  return [...new Set(keys)].sort()
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1
