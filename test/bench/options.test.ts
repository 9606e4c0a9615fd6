import { CommanderError } from 'commander'
import { expect } from 'chai'
import { parseOptions, recordsOf, stateRecordsOf, wantedState, wants } from './options.ts'
import { stateTopologies } from './state-topologies.ts'

describe('test/bench/options.ts', () => {
  it('runs and writes everything by default', () => {
    const options = parseOptions([])
    expect(options).to.deep.include({
      rounds: 3,
      warmupMs: 10_000,
      windowMs: 8000,
      sizes: [100, 1024],
      codecs: ['none', 'lz4'],
      keys: [10_000, 1_000_000],
      guarantees: ['AtLeastOnce', 'ExactlyOnce'],
      stores: ['rocksdb', 'memory'],
      write: true,
      isWhole: true,
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

  it('takes topologies with state by name, or all of them', () => {
    const one = parseOptions(['--only', 'hopping', '--stores', 'memory', '--keys', '5,50'])
    expect(one).to.deep.include({ stores: ['memory'], keys: [5, 50] })
    expect(wantedState(one).map(({ name }) => name)).to.deep.equal(['hopping'])
    const all = parseOptions(['--only', 'state', '--records', '9'])
    expect(wantedState(all)).to.deep.equal(stateTopologies)
    expect(wants(all, 'filter')).to.equal(false)
    expect(stateRecordsOf(all, 100)).to.equal(9)
  })

  for (const argv of [
    ['--only', 'fliter'],
    ['--codecs', 'lz5'],
    ['--guarantees', 'exactly_once'],
    ['--stores', 'rocks'],
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
