import { expect } from 'chai'
import { RECEIPT_DELAY_MS, RETRY_EVERY, type SourceName, sources, specOf } from './sources.ts'

const SPEC = { records: 2000, valueBytes: 100, keys: 50, perMs: 10 }

const made = (source: SourceName) => [...sources[source](specOf(source, SPEC))]

describe('test/bench/sources.ts', () => {
  for (const source of ['payments', 'retried-payments', 'receipts'] as const) {
    it(`makes as many ${source} as it is told, in the order of time`, () => {
      const records = made(source)
      expect(records).to.have.length(SPEC.records)
      expect(records.at(-1)?.atMs).to.be.closeTo(SPEC.records / SPEC.perMs, RECEIPT_DELAY_MS)
      const times = records.map(({ atMs }) => atMs)
      expect(times).to.deep.equal(times.toSorted((a, b) => a - b))
      expect(new Set(records.map(({ key }) => key)).size).to.equal(SPEC.keys)
    })
  }

  it('gives each payment a receipt of its key', () => {
    const receipts = made('receipts')
    made('payments').forEach(({ key, atMs }, id) => {
      expect(receipts[id]).to.include({ key, atMs: atMs + RECEIPT_DELAY_MS })
    })
  })

  it('sends every tenth record twice', () => {
    const different = new Set(made('retried-payments').map(({ json }) => json))
    const again = SPEC.records / RETRY_EVERY - 1
    expect(different.size).to.equal(SPEC.records - again)
  })

  for (const table of ['customers', 'profiles'] as const) {
    it(`has one of the ${table} for each key, before the first payment`, () => {
      const rows = new Map(made(table).map(({ key, atMs }) => [key, atMs]))
      expect(rows.size).to.equal(SPEC.keys)
      for (const { key, atMs } of made('payments')) expect(rows.get(key)).to.be.below(atMs)
    })
  }

  it('makes profiles of exactly the bytes it is told', () => {
    for (const { json } of made('profiles')) {
      expect(json).to.have.length(SPEC.valueBytes)
      expect(() => JSON.parse(json) as unknown).not.to.throw()
    }
  })
})
