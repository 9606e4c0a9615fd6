import { expect } from 'chai'
import { latencyCases } from './latency-cases.ts'
import { reportOf } from './report.ts'
import { merged, type Results, toJson } from './results.ts'
import type { Row } from './throughput.ts'

const round = { recordsPerSecond: 300_000, recordsPerCpuSecond: 200_000, peakRssBytes: 2 ** 28 }
const side = {
  rounds: [{ ...round, disturbed: true, warmedUp: true }],
  median: round,
  spread: 0,
  outputCodecs: ['none' as const],
}

const row: Row = {
  topology: 'filter',
  recordBytes: 100,
  codec: 'lz4',
  threads: 1,
  guarantee: 'AtLeastOnce',
  keys: 10_000,
  store: 'none',
  sides: {
    millrace: side,
    kafkaStreams: { ...side, outputCodecs: ['lz4'] },
  },
  ratio: { recordsPerSecond: 1, recordsPerCpuSecond: 1, peakRssBytes: 1 },
}

const results: Results = {
  rows: [row],
  rawCopy: [],
  latency: [],
  layers: [],
  endurance: [],
  recovery: [],
}

describe('test/bench/report.ts', () => {
  it('tells in the row what made it less than fair', () => {
    const text = reportOf(results, ['Machine: one'], new Date(0))
    expect(text).to.include('on 1970-01-01')
    expect(text).to.include('Millrace 1 of 1 rounds disturbed, wrote none;')
    expect(text).not.to.include('wrote lz4')
  })

  it('shows what keeps state apart, with its keys, guarantee and store', () => {
    const state: Row = { ...row, topology: 'count', keys: 7, store: 'memory' }
    const text = reportOf({ ...results, rows: [row, state] }, [], new Date(0))
    const [throughput = '', section = ''] = text.split('## State')
    expect(throughput).not.to.match(/\| count/)
    expect(section).to.include('| count | 7 | AtLeastOnce | memory | 100 | lz4 | 1 | 1 |')
    expect(section).to.include('- `count`: ')
    expect(section).to.include('exactly_once_v2')
  })

  it('names the conditions of each latency', () => {
    const quantiles = { p50Ms: 1, p99Ms: 2, p999Ms: 3 }
    const sides = { millrace: quantiles, kafkaStreams: quantiles, ratio: quantiles }
    const latency = latencyCases.map((one) => ({
      ...one,
      ...sides,
      peersAlone: quantiles,
      recordBytes: 100,
      threads: 1,
      rounds: 2,
    }))
    const text = reportOf({ ...results, latency }, [], new Date(0))
    expect(text).to.include('`rekey`, ExactlyOnce, a commit every 100 ms, 10000 records a second')
    expect(text).to.include('`projection`, AtLeastOnce, a commit every 1000 ms')
  })

  it('says of a recovery how long it took either way', () => {
    const millrace = { warmMs: 2500, coldMs: 8000, diskBytes: 2 ** 30, peakRssBytes: 2 ** 29 }
    const sides = { millrace, kafkaStreams: { ...millrace, coldMs: 40_000 } }
    const recovery = [
      {
        ...{ rows: 10_000_000, recordBytes: 100, memoryBytes: 2 ** 30 },
        ...{ guarantee: 'AtLeastOnce' as const, sides },
      },
    ]
    const text = reportOf({ ...results, recovery }, [], new Date(0))
    expect(text).to.include('a table of rows of 100 bytes')
    expect(text).to.match(
      /10000k +\| 1024 +\| AtLeastOnce +\| Millrace +\| 2.5 +\| 8.0 +\| 1250k +\| 1024 +\| 512 /,
    )
    expect(text).to.match(/AtLeastOnce +\| Kafka Streams +\| 2.5 +\| 40.0 +\| 250k /)
  })

  it('leaves out sections that nothing was measured for', () => {
    expect(reportOf(results, [], new Date(0))).not.to.include('## Latency')
  })

  it('renews the rows that were measured again, and keeps the others in order', () => {
    const again = { ...row, threads: 1, ratio: { ...row.ratio, recordsPerSecond: 9 } }
    const before: Row[] = [
      { ...row, keys: 7 },
      { ...row, topology: 'pass-through' },
    ]
    const after: Row[] = [
      { ...row, store: 'memory' },
      { ...row, guarantee: 'ExactlyOnce' },
      { ...row, threads: 2 },
    ]
    const known = [row, ...after, ...before]
    const { rows } = merged({ ...results, rows: known }, { ...results, rows: [again] })
    expect(rows).to.deep.equal([...before, again, ...after])
  })

  it('gives JSON the medians and nothing that was not asked for', () => {
    const { sides, ...conditions } = row
    expect(JSON.parse(toJson(results))).to.deep.equal({
      rows: [
        { ...conditions, millrace: sides.millrace.median, kafkaStreams: sides.kafkaStreams.median },
      ],
    })
  })
})
