import { expect } from 'chai'
import { JobBench } from '../support/job-bench.ts'
import { eventually } from '../support/eventually.ts'
import { type SourceName, type SourceRecord, sources, specOf } from './sources.ts'
import { stateTopologies } from './state-topologies.ts'
import { topologies } from './topologies.ts'
import type { BenchTopology } from './topology.ts'

/** Forty seconds. */
const SPEC = { records: 400, valueBytes: 100, keys: 20, perMs: 0.01 }
const STARTS_AT = 1_699_999_200_000

const made = (source: SourceName): readonly SourceRecord[] => [
  ...sources[source](specOf(source, SPEC)),
]

/** Payments and receipts of one key that are so near each other. */
function pairs(withinMs: number): number {
  const receipts = made('receipts')
  const meeting = made('payments').flatMap(({ key, atMs }) =>
    receipts.filter((one) => one.key === key && Math.abs(one.atMs - atMs) <= withinMs),
  )
  return meeting.length
}

/** Records with a value that come out of those with state: of an aggregate one for each update. */
const comesOut: Readonly<Record<string, () => number>> = {
  count: () => SPEC.records,
  sum: () => SPEC.records,
  tumbling: () => SPEC.records,
  hopping: () => SPEC.records * 12,
  session: () => SPEC.records,
  'stream-join': () => pairs(500),
  'table-join': () => SPEC.records,
  deduplicate: () => new Set(made('retried-payments').map(({ json }) => json)).size,
}

describe('test/bench/topologies.ts', () => {
  let bench: JobBench | undefined

  afterEach(async () => {
    await bench?.stop()
    bench = undefined
  })

  /** Starts the job over all of its input. */
  function start({ input = 'payments', beside, outputs, job }: BenchTopology) {
    const names = Array.from({ length: outputs }, (_, index) => `out-${index}`)
    const started = new JobBench(
      Object.fromEntries(['in', 'beside', 'through', ...names].map((topic) => [topic, 2])),
    )
    bench = started
    const produce = (topic: string, records: readonly SourceRecord[]) =>
      started.produce(
        topic,
        records.map(({ key, json, atMs }) => [key, json, STARTS_AT + atMs]),
      )
    produce('in', made(input))
    if (beside !== undefined) produce('beside', made(beside))
    started.start(job({ input: 'in', beside: 'beside', through: 'through', outputs: names }))
    return () => names.flatMap((topic) => started.values(topic)).filter((value) => value !== null)
  }

  for (const topology of topologies) {
    it(`${topology.name} lets out as many records as the bench waits for`, async () => {
      const written = start(topology)
      const expected = made('payments').filter((record) => topology.keeps?.(record)).length
      await eventually(() => expect(written()).to.have.length(expected))
    })
  }

  for (const topology of stateTopologies) {
    it(`${topology.name} lets out what follows from its input`, async () => {
      const written = start(topology)
      const expected = comesOut[topology.name]?.()
      await eventually(() => expect(written()).to.have.length(expected ?? NaN))
    })
  }
})
