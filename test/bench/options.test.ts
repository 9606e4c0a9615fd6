import { CommanderError } from 'commander'
import { expect } from 'chai'
import { parseOptions, recordsOf, wants } from './options.ts'

describe('test/bench/options.ts', () => {
  it('runs and writes everything by default', () => {
    const options = parseOptions([])
    expect(options).to.deep.include({
      rounds: 3,
      warmupMs: 10_000,
      windowMs: 8000,
      sizes: [100, 1024],
      codecs: ['none', 'lz4'],
      write: true,
    })
    expect(wants(options, 'filter')).to.equal(true)
    expect(recordsOf(options, 100)).to.be.greaterThan(recordsOf(options, 1024))
  })

  it('writes no report of a part unless asked', () => {
    expect(parseOptions(['--json']).write).to.equal(true)
    expect(parseOptions(['--only', 'filter']).write).to.equal(false)
    expect(parseOptions(['--rounds', '1', '--write']).write).to.equal(true)
  })

  it('reads lists', () => {
    const options = parseOptions(['--only', 'filter, layers', '--sizes', '200', '--warmup', '0.5'])
    expect(options).to.deep.include({ only: ['filter', 'layers'], sizes: [200], warmupMs: 500 })
    expect(wants(options, 'map')).to.equal(false)
    expect(recordsOf({ ...options, records: 7 }, 100)).to.equal(7)
  })

  for (const argv of [
    ['--only', 'fliter'],
    ['--codecs', 'lz5'],
    ['--rounds', '0'],
    ['--warmup', '-1'],
    ['--threads', '1000'],
  ]) {
    it(`refuses ${argv.join(' ')} and says what to write`, () => {
      const said: string[] = []
      expect(() => parseOptions(argv, (text) => said.push(text))).to.throw(CommanderError)
      expect(said.join('')).to.match(/write |at most/)
    })
  }
})
