import { compressions } from '../../runtime/broker/compression.ts'
import { guarantees, type Side, stores } from './contender.ts'
import type { Minute } from './endurance.ts'
import type { LatencyRow } from './latency.ts'
import type { LayerCost } from './layers/measure-layers.ts'
import type { RawCopyRow } from './raw-copy-row.ts'
import type { RecoveryRow } from './recovery.ts'
import { stateTopologies } from './state-topologies.ts'
import type { Row } from './throughput.ts'
import { topologies } from './topologies.ts'

/** Everything one call of the bench found out. */
export interface Results {
  readonly rows: readonly Row[]
  readonly rawCopy: readonly RawCopyRow[]
  readonly latency: readonly LatencyRow[]
  readonly layers: readonly LayerCost[]
  readonly endurance: readonly Minute[]
  readonly recovery: readonly RecoveryRow[]
}

export const isWithState = ({ store }: Pick<Row, 'store'>): boolean => store !== 'none'

/** What is known once a part of it was measured anew. */
export const merged = (known: Results, measured: Results): Results => ({
  rows: inOrder(replaced(known.rows, measured.rows, rowKey)),
  rawCopy: replaced(known.rawCopy, measured.rawCopy, inputKey),
  latency: replaced(known.latency, measured.latency, ({ name }) => name),
  layers: replaced(
    known.layers,
    measured.layers,
    ({ layer, recordBytes }) => `${layer} ${recordBytes}`,
  ),
  endurance: measured.endurance.length > 0 ? measured.endurance : known.endurance,
  recovery: replaced(
    known.recovery,
    measured.recovery,
    ({ rows, memoryBytes, guarantee }) => `${rows} ${memoryBytes} ${guarantee}`,
  ),
})

/** Wherever a part was measured, its rows stand beside their like. */
const inOrder = (rows: readonly Row[]): readonly Row[] =>
  rows.toSorted((a, b) => {
    const others = places(b)
    return places(a).reduce((found, place, at) => found || place - (others[at] ?? 0), 0)
  })

const names = [...topologies, ...stateTopologies].map(({ name }) => name)

const places = (row: Row): readonly number[] => [
  row.recordBytes,
  compressions.indexOf(row.codec),
  row.threads,
  row.keys,
  names.indexOf(row.topology),
  guarantees.indexOf(row.guarantee),
  row.store === 'none' ? 0 : stores.indexOf(row.store),
]

const inputKey = ({ recordBytes, codec }: Pick<Row, 'recordBytes' | 'codec'>) =>
  `${recordBytes} ${codec}`

const rowKey = (row: Row) =>
  [row.topology, inputKey(row), row.threads, row.guarantee, row.keys, row.store].join(' ')

/** In the place of those before; new ones at the end. */
function replaced<T>(known: readonly T[], measured: readonly T[], keyOf: (one: T) => string): T[] {
  const all = new Map(known.map((one) => [keyOf(one), one]))
  for (const one of measured) all.set(keyOf(one), one)
  return [...all.values()]
}

/** The form of `--json`: the medians, without what was not asked for. */
export function toJson({ rows, rawCopy, latency, layers, endurance, recovery }: Results): string {
  const document = {
    rows: rows.map(({ sides, ratio, ...conditions }) => ({
      ...conditions,
      ...medianOf(sides, 'millrace'),
      ...medianOf(sides, 'kafkaStreams'),
      ratio,
    })),
    ...(rawCopy.length > 0 ? { rawCopy } : {}),
    ...(latency.length > 0 ? { latency } : {}),
    ...(layers.length > 0 ? { layers } : {}),
    ...(endurance.length > 0 ? { endurance } : {}),
    ...(recovery.length > 0 ? { recovery } : {}),
  }
  return JSON.stringify(document, null, 2)
}

const medianOf = (sides: Row['sides'], side: Side) => ({ [side]: sides[side].median })
