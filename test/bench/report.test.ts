import { expect } from 'chai'
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
  guarantee: 'at_least_once',
  sides: {
    millrace: side,
    kafkaStreams: { ...side, outputCodecs: ['lz4'] },
  },
  ratio: { recordsPerSecond: 1, recordsPerCpuSecond: 1, peakRssBytes: 1 },
}

const results: Results = { rows: [row], rawCopy: [], latency: [], layers: [], endurance: [] }

describe('test/bench/report.ts', () => {
  it('tells in the row what made it less than fair', () => {
    const text = reportOf(results, ['Machine: one'], new Date(0))
    expect(text).to.include('on 1970-01-01')
    expect(text).to.include('Millrace 1 of 1 rounds disturbed, wrote none;')
    expect(text).not.to.include('wrote lz4')
  })

  it('leaves out sections that nothing was measured for', () => {
    expect(reportOf(results, [], new Date(0))).not.to.include('## Latency')
  })

  it('renews the rows that were measured again and keeps the others', () => {
    const again = { ...row, threads: 1, ratio: { ...row.ratio, recordsPerSecond: 9 } }
    const other = { ...row, threads: 2 }
    const { rows } = merged({ ...results, rows: [row, other] }, { ...results, rows: [again] })
    expect(rows).to.deep.equal([again, other])
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
