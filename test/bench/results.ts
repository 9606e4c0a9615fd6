import type { Side } from './contender.ts'
import type { Minute } from './endurance.ts'
import type { LatencyRow } from './latency.ts'
import type { LayerCost } from './layers/measure-layers.ts'
import type { RawCopyRow } from './raw-copy-row.ts'
import type { Row } from './throughput.ts'

/** Everything one call of the bench found out. */
export interface Results {
  readonly rows: readonly Row[]
  readonly rawCopy: readonly RawCopyRow[]
  readonly latency: readonly LatencyRow[]
  readonly layers: readonly LayerCost[]
  readonly endurance: readonly Minute[]
}

/** The form of `--json`: the medians, without what was not asked for. */
export function toJson({ rows, rawCopy, latency, layers, endurance }: Results): string {
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
  }
  return JSON.stringify(document, null, 2)
}

const medianOf = (sides: Row['sides'], side: Side) => ({ [side]: sides[side].median })
