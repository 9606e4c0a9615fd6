import { expect } from 'chai'
import fc from 'fast-check'
import { hashOf } from '../../../runtime/state/key-index.ts'
import { ColumnWindowStore } from '../../../runtime/state/column-window-store.ts'
import { MemoryWindowStore } from '../../../runtime/state/memory-window-store.ts'
import { NumberFields } from '../../../runtime/state/number-fields.ts'
import type { StateStore, WindowStore } from '../../../runtime/state/store.ts'
import { jsonSerde } from '../../../runtime/serde/json.ts'

const RETENTION_MS = 100
const numbers = new NumberFields([{ name: 'n', members: [], initial: 0 }])
const keys = ['a', 'b', '', 'longer than a word']

const inColumns = () => new ColumnWindowStore('s', RETENTION_MS, numbers)
const asObjects = () =>
  new MemoryWindowStore('s', {
    retentionMs: RETENTION_MS,
    retainDuplicates: false,
    serde: jsonSerde,
  })

const contents = (store: WindowStore & StateStore) => [
  store.latest,
  Array.from(store.fetchAll(-Infinity, Infinity), ({ key, start, value, timestamp }) =>
    [key.toString(), start, JSON.stringify(value), timestamp].join(' '),
  ),
  keys.map((key) =>
    Array.from(store.fetch(Buffer.from(key), 20, 150), ({ start, value }) => [start, value]),
  ),
]

const changes = (store: StateStore) =>
  Array.from(
    store.takeDirty(),
    ({ key, value, timestamp }) => `${key.toString('hex')} ${value?.toString() ?? ''} ${timestamp}`,
  ).sort()

const round = fc.record({
  puts: fc.array(
    fc.record({
      key: fc.constantFrom(...keys),
      hurry: fc.integer({ min: -90, max: 40 }),
      n: fc.option(fc.integer(), { nil: undefined, freq: 5 }),
    }),
    { maxLength: 6 },
  ),
  end: fc.constantFrom('accept', 'rollback', 'commit'),
})

describe('a store of windows in columns', () => {
  it('does what a store of objects does', () => {
    fc.assert(
      fc.property(fc.array(round, { maxLength: 40 }), (rounds) => {
        const [columns, objects] = [inColumns(), asObjects()]
        let time = 100
        for (const { puts, end } of rounds) {
          for (const { key, hurry, n } of puts) {
            time = Math.max(time, time + hurry)
            const start = Math.max(0, time + hurry - ((time + hurry) % 10))
            for (const store of [columns, objects])
              store.put(Buffer.from(key), start, n === undefined ? undefined : { n }, start + 1)
          }
          for (const store of [columns, objects])
            if (end === 'rollback') store.rollback()
            else store.accept()
          expect(contents(columns)).to.deep.equal(contents(objects))
          if (end !== 'commit') continue
          expect(changes(columns)).to.deep.equal(changes(objects))
          expect(columns.size).to.equal(objects.size)
        }
      }),
    )
  })

  it('writes what generated code has changed in the windows that it opened, be they expired by then', () => {
    const store = inColumns()
    const key = Buffer.from('a')
    const add = (first: number, last: number) => {
      const open = store.open(first, 10, last) ?? []
      for (const window of open) {
        const row = window.rowHashed(hashOf(key, 0, 1), key, 0, 1)
        window.columns[0]?.fill((window.columns[0][row] ?? 0) + 1, row, row + 1)
        window.timestamps[row] = last
        window.touch(row)
      }
      store.settle(last)
      return open.length
    }
    expect([add(0, 20), add(10, 20), add(200, 200)]).to.deep.equal([3, 2, 1])
    expect(add(20, 20), 'an expired window').to.equal(0)
    expect(Array.from(store.takeDirty(), ({ value }) => value?.toString())).to.deep.equal([
      '{"n":1}',
      '{"n":2}',
      '{"n":2}',
      '{"n":1}',
    ])
    add(200, 200)
    expect(Array.from(store.takeDirty(), ({ value }) => value?.toString())).to.deep.equal([
      '{"n":2}',
    ])
    expect(store.get(key, 200)).to.deep.equal({ value: { n: 2 }, timestamp: 200 })
    expect([...store.fetchAll(-Infinity, Infinity)]).to.have.length(1)
  })

  it('keeps keys that come again once for all windows, and gives up those that do not', () => {
    const bytesOf = (keyOf: (window: number, n: number) => string) => {
      const store = inColumns()
      for (let window = 0; window < 100; window++)
        for (let n = 0; n < 1000; n++) {
          store.put(Buffer.from(keyOf(window, n)), window * 10, { n }, 0)
          store.accept()
        }
      expect(store.size).to.equal(10_000)
      return store.footprint.memory / store.size
    }
    expect(bytesOf((_, n) => `the key ${n}`)).to.be.lessThan(50)
    expect(bytesOf((window, n) => `the key ${window} ${n}`)).to.be.lessThan(300)
  })
})
