import { median } from '../statistics.ts'
import { buildBatch } from './build-batch.ts'
import { compression } from './compression.ts'
import { filter } from './filter.ts'
import { fused } from './fused.ts'
import { jsonField } from './json-field.ts'
import type { Layer } from './layer.ts'
import { map } from './map.ts'
import { splitAndIndex } from './split-and-index.ts'
import { userFunctions } from './user-functions.ts'

export interface LayerCost {
  readonly layer: string
  readonly recordBytes: number
  readonly nsPerRecord: number
}

/** In the order in which a record meets them. */
const layersOf = [
  splitAndIndex,
  compression,
  jsonField,
  filter,
  map,
  userFunctions,
  buildBatch,
  fused,
]

const WARMUP_MS = 300
const SLICE_MS = 100
const SLICES = 5

export const layersFor = (recordBytes: number): readonly Layer[] =>
  layersOf.flatMap((layers) => layers(recordBytes))

export const measureLayers = (sizes: readonly number[]): readonly LayerCost[] =>
  sizes.flatMap((recordBytes) =>
    layersFor(recordBytes).map((layer) => ({
      layer: layer.name,
      recordBytes,
      nsPerRecord: cost(layer),
    })),
  )

/** The median of a few slices of time, after the compiler has seen the code. */
function cost(layer: Layer): number {
  slice(layer, WARMUP_MS)
  return median(Array.from({ length: SLICES }, () => slice(layer, SLICE_MS)))
}

/** In CPU time, so that others on the machine count for less. */
function slice({ records, run }: Layer, ms: number): number {
  const startedMs = cpuMs()
  let runs = 0
  let check = 0
  while (cpuMs() - startedMs < ms) {
    check += run()
    runs++
  }
  const nanoseconds = (cpuMs() - startedMs) * 1e6
  if (!Number.isFinite(check)) throw new Error('the layer computed nothing')
  return nanoseconds / (runs * records)
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
