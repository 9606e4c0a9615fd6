import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { RecordBatch } from '../../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import type { Fields } from '../../../runtime/platform/logger.ts'
import { jsonSerde } from '../../../runtime/serde/json.ts'
import type { Serde } from '../../../runtime/serde/serde.ts'
import { ByteKeyValueStore } from '../../../runtime/state/byte-key-value-store.ts'
import { StateMemory } from '../../../runtime/state/state-memory.ts'

const MIB = 2 ** 20

const bytes = (text: string) => Buffer.from(text)

/** Values are bytes as they come. */
const asTheyAre: Serde = {
  serialize: (value) => value as Buffer,
  deserialize: (value) => Buffer.from(value),
}
/** As they may meet where chunks and blocks end. */
const LENGTHS = [0, 1, 100, 4096, MIB - 1, MIB, MIB + 1]

const contentsOf = (store: ByteKeyValueStore) =>
  [...store.entries()].map(({ key, value, timestamp }) => {
    const { length } = value as Buffer
    return { key: key.toString(), length, last: (value as Buffer).at(-1), timestamp }
  })

/** Takes so much in JSON, about. */
const large = (n: number, length = 1000) => ({ n, text: 'x'.repeat(length) })

const round = fc.record({
  puts: fc.array(
    fc.record({
      key: fc.nat(30),
      value: fc.option(fc.record({ n: fc.nat(), length: fc.constantFrom(0, 10, 100_000) }), {
        nil: undefined,
        freq: 3,
      }),
    }),
    { maxLength: 8 },
  ),
  end: fc.constantFrom('accept', 'rollback', 'commit', 'commit'),
})

describe('a key-value store in bytes', () => {
  let directory = ''
  const warnings: (Fields & { readonly message: string })[] = []

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-spill-'))
    warnings.length = 0
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  const memoryOf = (budgetBytes: number, where = directory) =>
    new StateMemory({
      ...{ budgetBytes, directory: where },
      log: { warn: (message, fields) => warnings.push({ message, ...fields }) },
    })

  const commit = (store: ByteKeyValueStore) => {
    store.accept()
    return [...store.takeDirty()].length
  }

  it('does what a map does, whatever is on disk', () => {
    fc.assert(
      fc.property(fc.array(round, { maxLength: 40 }), fc.constantFrom(1, MIB), (rounds, budget) => {
        const memory = memoryOf(budget)
        const store = new ByteKeyValueStore('s', jsonSerde, memory)
        let expected = new Map<string, unknown>()
        for (const { puts, end } of rounds) {
          const before = new Map(expected)
          for (const put of puts) {
            const key = `k${put.key}`
            const value = put.value === undefined ? undefined : large(put.value.n, put.value.length)
            expect(store.get(bytes(key))?.value).to.deep.equal(expected.get(key))
            store.put(bytes(key), value, put.key)
            if (value === undefined) expected.delete(key)
            else expected.set(key, value)
          }
          if (end === 'rollback') {
            store.rollback()
            expected = before
          } else if (end === 'commit') commit(store)
          else store.accept()
        }
        commit(store)
        const entries = [...store.entries()]
        expect(entries.map(({ key }) => key.toString())).to.deep.equal([...expected.keys()].sort())
        for (const { key, value } of entries)
          expect(value).to.deep.equal(expected.get(key.toString()))
        expect(store.size).to.equal(expected.size)
        store.close()
      }),
      { numRuns: 50 },
    )
  })

  it('keeps to its budget, with all values to be had', () => {
    const store = new ByteKeyValueStore('s', jsonSerde, memoryOf(4 * MIB))
    const other = new ByteKeyValueStore('t', jsonSerde, memoryOf(4 * MIB))
    for (let n = 0; n < 20_000; n++) {
      for (const one of [store, other]) one.put(bytes(`key ${n}`), large(n), n)
      if (n % 500 === 499) for (const one of [store, other]) commit(one)
    }
    expect(store.footprint.memory).to.be.at.most(5 * MIB)
    expect(store.footprint.disk).to.be.at.least(16 * MIB)
    for (let n = 0; n < 20_000; n += 7)
      expect(store.get(bytes(`key ${n}`))).to.deep.equal({ value: large(n), timestamp: n })
    expect(readdirSync(directory)).to.deep.equal([])
    store.close()
    other.close()
  })

  it('takes no more room for values that are replaced again and again, in memory or on disk', () => {
    const inMemory = new ByteKeyValueStore('s', jsonSerde)
    const onDisk = new ByteKeyValueStore('s', jsonSerde, memoryOf(1))
    for (let n = 0; n < 100_000; n++) {
      for (const store of [inMemory, onDisk]) store.put(bytes(`key ${n % 5000}`), large(n), n)
      if (n % 1000 === 999) for (const store of [inMemory, onDisk]) commit(store)
    }
    expect(inMemory.footprint.memory).to.be.at.most(12 * MIB)
    expect(onDisk.footprint.disk).to.be.at.most(14 * MIB)
    expect(onDisk.get(bytes('key 4999'))?.value).to.deep.equal(large(99_999))
    onDisk.close()
  })

  it('takes no room for keys that are gone, and a snapshot of it goes on where it was', () => {
    const store = new ByteKeyValueStore('s', jsonSerde)
    for (let n = 0; n < 3000; n++) store.put(bytes(`stays ${n}`), n, n)
    commit(store)
    const blocks: Buffer[] = []
    const dump = store.dump(1)[Symbol.iterator]()
    for (let n = 0; n < 100_000; n++) {
      store.put(bytes(`goes ${n}`), n, n)
      commit(store)
      store.put(bytes(`goes ${n}`), undefined, n)
      commit(store)
      if (n % 50 !== 0) continue
      const block = dump.next()
      if (block.done !== true) blocks.push(block.value)
    }
    for (let block = dump.next(); block.done !== true; block = dump.next()) blocks.push(block.value)
    expect(store.size).to.equal(3000)
    expect(store.footprint.memory).to.be.at.most(2 * MIB)
    const again = new ByteKeyValueStore('s', jsonSerde)
    for (const block of blocks) again.load(block)
    for (let n = 0; n < 3000; n++) expect(again.get(bytes(`stays ${n}`))?.value).to.equal(n)
  })

  it('stays in memory where the disk is full, and says so once', () => {
    const store = new ByteKeyValueStore('s', jsonSerde, memoryOf(1, '/dev/null/nowhere'))
    for (let n = 0; n < 5000; n++) {
      store.put(bytes(`key ${n}`), large(n), n)
      if (n % 100 === 99) commit(store)
    }
    expect(store.footprint.disk).to.equal(0)
    expect(store.get(bytes('key 0'))?.value).to.deep.equal(large(0))
    expect(warnings).to.have.length(1)
    expect(warnings[0]?.why).to.match(/ENOTDIR/)
  })

  it('may hold values larger than a chunk', () => {
    const store = new ByteKeyValueStore('s', jsonSerde, memoryOf(1))
    for (const length of [3 * MIB, 10, 2 * MIB, 10]) {
      store.put(bytes(`key ${length}`), large(1, length), 1)
      commit(store)
    }
    expect(store.get(bytes(`key ${3 * MIB}`))?.value).to.deep.equal(large(1, 3 * MIB))
    expect(store.get(bytes('key 10'))?.value).to.deep.equal(large(1, 10))
    store.close()
  })

  it('finds empty values where a chunk is full', () => {
    const store = new ByteKeyValueStore('s', asTheyAre)
    for (const [key, length] of [
      ['full', MIB],
      ['empty', 0],
    ] as const) {
      store.put(bytes(key), Buffer.alloc(length, key), 1)
      commit(store)
    }
    expect(store.get(bytes('empty'))?.value).to.deep.equal(Buffer.alloc(0))
  })

  it('comes back from its blocks and from batches of its changelog, whatever the lengths', () => {
    const put = fc.record({
      key: fc.nat(20),
      length: fc.option(fc.constantFrom(...LENGTHS), { nil: null, freq: 4 }),
    })
    fc.assert(
      fc.property(
        fc.array(put, { minLength: 1, maxLength: 30 }),
        fc.constantFrom(1, 5000, MIB),
        fc.boolean(),
        (puts, size, isOnDisk) => {
          const store = new ByteKeyValueStore('s', asTheyAre, isOnDisk ? memoryOf(1) : undefined)
          const read = new ByteKeyValueStore('s', asTheyAre)
          for (const [n, { key, length }] of puts.entries()) {
            const value = length === null ? null : Buffer.alloc(length, n + 1)
            store.put(bytes(`k${key}`), value ?? undefined, n)
            const changelog = new RecordBatchBuilder()
            changelog.append(n, null, bytes('of no key'))
            changelog.append(n, bytes(`k${key}`), value)
            read.restoreBatch(new RecordBatch(changelog.build()))
            if (n % 3 === 0) contentsOf(read)
          }
          commit(store)
          const loaded = new ByteKeyValueStore('s', asTheyAre)
          for (const block of store.dump(size)) loaded.load(block)
          expect(contentsOf(loaded)).to.deep.equal(contentsOf(store))
          expect(contentsOf(read)).to.deep.equal(contentsOf(store))
          store.close()
        },
      ),
      { numRuns: 100 },
    )
  })

  it('has the later one of a key that is in two blocks, as one that came again meanwhile is', () => {
    const blocksOf = (from: number, count: number, text: string) => {
      const store = new ByteKeyValueStore('s', jsonSerde)
      for (let n = from; n < from + count; n++) store.put(bytes(`k${n}`), text, n)
      commit(store)
      return [...store.dump(5000)]
    }
    const loaded = new ByteKeyValueStore('s', jsonSerde)
    for (const block of [...blocksOf(0, 1000, 'first'), ...blocksOf(990, 20, 'again')])
      loaded.load(block)
    const expected = (n: number) => (n < 990 ? 'first' : 'again')
    const looked = () => Array.from({ length: 1010 }, (_, n) => loaded.get(bytes(`k${n}`))?.value)
    expect(loaded.size).to.equal(1010)
    expect(looked()).to.deep.equal(looked().map((_, n) => expected(n)))
    for (let n = 0; n < 5000; n++) loaded.put(bytes(`more ${n}`), n, n)
    commit(loaded)
    expect(looked()).to.deep.equal(looked().map((_, n) => expected(n)))
    expect([...loaded.entries()]).to.have.length(6010)
    for (let n = 0; n < 5000; n++) loaded.put(bytes(`more ${n}`), undefined, n)
    commit(loaded)
    expect(looked()).to.deep.equal(looked().map((_, n) => expected(n)))
  })
})
