import { expect } from 'chai'
import fc from 'fast-check'
import { jsonSerde } from '../../../runtime/serde/json.ts'
import { ColumnStore } from '../../../runtime/state/column-store.ts'
import { KeyIndex } from '../../../runtime/state/key-index.ts'
import { NumberFields } from '../../../runtime/state/number-fields.ts'
import { ByteKeyValueStore } from '../../../runtime/state/byte-key-value-store.ts'
import type { ChangelogRecord, KeyValueStore, StateStore } from '../../../runtime/state/store.ts'
import type { NumberField } from '../../../runtime/topology/store-spec.ts'
import { rowsInto } from './store-families.ts'

/** Changes between two commits, some of which are worth sorting. */
const MANY = 10_000

const fields: readonly NumberField[] = [
  { name: 'n', members: [], initial: 0 },
  { name: 'quo"te', members: [], initial: null },
  { name: 'mean', members: ['sum', 'count'], initial: 0 },
]

const value = fc
  .tuple(fc.integer(), fc.option(fc.double({ noNaN: true })), fc.integer(), fc.nat())
  .map(([n, text, sum, count]) => ({ n, 'quo"te': text, mean: { sum, count } }))

const round = fc.record({
  puts: fc.array(
    fc.record({
      key: fc.oneof(fc.constantFrom('a', 'b', ''), fc.string({ maxLength: 3 })),
      value: fc.option(value, { nil: undefined }),
    }),
  ),
  end: fc.constantFrom('accept', 'rollback', 'commit'),
})

const contents = (store: KeyValueStore) =>
  [...store.entries()].map(({ key, value, timestamp }) => [
    key.toString('latin1'),
    JSON.stringify(value),
    timestamp,
  ])

describe('a store of numbers in columns', () => {
  it('does what a store of objects does', () => {
    fc.assert(
      fc.property(fc.array(round), (rounds) => {
        const columns = new ColumnStore('s', new NumberFields(fields))
        const objects = new ByteKeyValueStore('s', jsonSerde)
        const changelog = { columns: new Map<string, string>(), objects: new Map<string, string>() }
        const write = (store: StateStore, to: Map<string, string>) => {
          for (const record of store.takeDirty())
            to.set(
              record.key.toString('latin1'),
              `${record.value?.toString()} @${record.timestamp}`,
            )
        }
        let time = 0
        for (const { puts, end } of rounds) {
          for (const put of puts) {
            time++
            for (const store of [columns, objects])
              store.put(Buffer.from(put.key, 'latin1'), put.value, time)
          }
          for (const store of [columns, objects])
            if (end === 'rollback') store.rollback()
            else store.accept()
          if (end !== 'commit') continue
          write(columns, changelog.columns)
          write(objects, changelog.objects)
        }
        expect(contents(columns)).to.deep.equal(contents(objects))
        expect(columns.size).to.equal(contents(columns).length)
        expect(changelog.columns).to.deep.equal(changelog.objects)
      }),
    )
  })

  it('writes its changes into one memory as it does into records', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.option(value, { nil: undefined }))), (puts) => {
        const [records, rows] = [0, 1].map(() => new ColumnStore('s', new NumberFields(fields)))
        for (const [key, one] of puts)
          for (const store of [records, rows]) store?.put(Buffer.from(key), one, 7)
        const written: ChangelogRecord[] = []
        rows?.takeDirtyInto(rowsInto(written))
        const taken = Array.from(records?.takeDirty() ?? [], (record) => ({
          ...record,
          key: Buffer.from(record.key),
        }))
        expect(written).to.deep.equal(taken)
      }),
    )
  })

  it('writes each of very many changes once, in the order of rows', () => {
    const store = new ColumnStore('s', new NumberFields(fields))
    const put = (n: number) =>
      store.put(Buffer.from(`${n}`), { n, 'quo"te': null, mean: { sum: 0, count: 0 } }, n)
    for (let n = 0; n < MANY; n++) put(n)
    expect([...store.takeDirty()]).to.have.length(MANY)
    store.accept()
    for (let n = MANY - 1; n > 0; n -= 2) put(n)
    store.rollback()
    for (let n = MANY - 1; n > 0; n--) put(n)
    const written = [...store.takeDirty()].map(({ timestamp }) => timestamp)
    expect(written).to.deep.equal(Array.from({ length: MANY - 1 }, (_, n) => n + 1))
  })

  it('comes back from its changelog', () => {
    const store = new ColumnStore('s', new NumberFields(fields))
    const values = Array.from({ length: 1000 }, (_, n) => ({
      n,
      'quo"te': n % 3 === 0 ? null : n / 7,
      mean: { sum: n * 2, count: n },
    }))
    values.forEach((one, n) => store.put(Buffer.from(`key-${n}`), one, n))
    const again = new ColumnStore('s', new NumberFields(fields))
    for (const record of store.takeDirty()) again.restore(record)
    expect(contents(again)).to.deep.equal(contents(store))
    expect(again.get(Buffer.from('key-3'))?.value).to.deep.equal(values[3])
  })

  it('begins a field that its values do not have, as when a job was given one more', () => {
    const store = new ColumnStore('s', new NumberFields(fields))
    store.restore({ key: Buffer.from('k'), value: Buffer.from('{"n":5}'), timestamp: 1 })
    expect(store.get(Buffer.from('k'))?.value).to.deep.equal({
      n: 5,
      'quo"te': null,
      mean: { sum: 0, count: 0 },
    })
  })
})

describe('keys as numbers', () => {
  it('gives each key one number, in the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 2000 }), (keys) => {
        const index = new KeyIndex()
        const numbers = new Map<string, number>()
        for (const key of keys) {
          const name = Buffer.from(key).toString('hex')
          const padded = Buffer.concat([Buffer.from([1]), key, Buffer.from([2])])
          const id = index.intern(padded, 1, key.length)
          expect(id).to.equal(numbers.get(name) ?? numbers.size)
          numbers.set(name, id)
        }
        for (const [name, id] of numbers) {
          expect(index.key(id).toString('hex')).to.equal(name)
          expect(index.find(Buffer.from(name, 'hex'))).to.equal(id)
        }
        expect(index.find(Buffer.from('never there'))).to.equal(-1)
        expect(index.count).to.equal(numbers.size)
      }),
      { numRuns: 30 },
    )
  })
})
