import { expect } from 'chai'
import fc from 'fast-check'
import { createStore } from '../../../runtime/state/create-store.ts'
import type {
  ChangelogRecord,
  KeyValueStore,
  SessionStore,
  StateStore,
  WindowStore,
} from '../../../runtime/state/store.ts'
import type { StoreDeclaration } from '../../../runtime/topology/store-spec.ts'

const keyValue: StoreDeclaration = { kind: 'key-value', name: 'totals', format: 'Json' }
const windows = {
  kind: 'window',
  name: 'windows',
  format: 'Json',
  retentionMs: 100,
} as const
const sessions: StoreDeclaration = {
  kind: 'session',
  name: 'sessions',
  format: 'Json',
  retentionMs: 100,
}

const keyValueStore = () => createStore(keyValue) as KeyValueStore & StateStore
const windowStore = (retainDuplicates = false) =>
  createStore({ ...windows, retainDuplicates }) as WindowStore & StateStore
const sessionStore = () => createStore(sessions) as SessionStore & StateStore

const bytes = (text: string) => Buffer.from(text)
const written = (store: StateStore) =>
  [...store.takeDirty()].map(({ key, value, timestamp }) => [
    key.toString('latin1'),
    value?.toString(),
    timestamp,
  ])

describe('a key-value store', () => {
  it('gives what was put last, with its time', () => {
    const store = keyValueStore()
    store.put(bytes('a'), 1, 10)
    store.put(bytes('a'), 2, 20)
    expect(store.get(bytes('a'))).to.include({ value: 2, timestamp: 20 })
    expect(store.get(bytes('b'))).to.equal(undefined)
  })

  it('writes each key that changed once, a removed one as a tombstone', () => {
    const store = keyValueStore()
    store.put(bytes('a'), 1, 10)
    store.put(bytes('a'), 2, 20)
    store.put(bytes('b'), 3, 30)
    store.put(bytes('b'), undefined, 40)
    expect(written(store)).to.deep.equal([
      ['a', '2', 20],
      ['b', undefined, 40],
    ])
    expect(written(store)).to.deep.equal([])
    expect(store.size).to.equal(1)
  })

  it('goes through its keys in the order of their bytes', () => {
    const store = keyValueStore()
    for (const key of ['b', 'a', 'ab']) store.put(bytes(key), 1, 0)
    expect([...store.entries()].map(({ key }) => key.toString())).to.deep.equal(['a', 'ab', 'b'])
  })

  it('forgets what a record that failed has changed, and nothing else', () => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      value: fc.option(fc.integer(), { nil: undefined }),
    })
    const records = fc.array(fc.record({ changes: fc.array(change), fails: fc.boolean() }))
    fc.assert(
      fc.property(records, (all) => {
        const store = keyValueStore()
        const expected = new Map<string, number>()
        for (const { changes, fails } of all) {
          for (const { key, value } of changes) store.put(bytes(key), value, 0)
          if (fails) store.rollback()
          else store.accept()
          for (const { key, value } of fails ? [] : changes) {
            if (value === undefined) expected.delete(key)
            else expected.set(key, value)
          }
        }
        const held = [...store.entries()].map(({ key, value }) => [key.toString(), value])
        expect(new Map(held as [string, number][])).to.deep.equal(expected)
        const again = keyValueStore()
        for (const record of store.takeDirty()) again.restore(record)
        expect([...again.entries()].map(({ value }) => value)).to.deep.equal(
          held.map(([, value]) => value),
        )
        expect(store.size).to.equal(expected.size)
      }),
    )
  })

  it('gives the keys that begin so, whatever was put and removed', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.string({ unit: 'binary-ascii', maxLength: 3 }),
            fc.option(fc.nat(), { nil: undefined }),
          ),
        ),
        fc.string({ maxLength: 2 }),
        (puts, prefix) => {
          const store = keyValueStore()
          const expected = new Map<string, number>()
          for (const [key, value] of puts) {
            store.put(bytes(key), value, 0)
            if (value === undefined) expected.delete(key)
            else expected.set(key, value)
            const found = [...store.withPrefix(bytes(prefix))].map((entry) => entry.key.toString())
            const wanted = [...expected.keys()].filter((known) => known.startsWith(prefix)).sort()
            expect(found).to.deep.equal(wanted)
          }
        },
      ),
    ))

  it('forgets with a record that failed what it had put under a prefix', () => {
    const store = keyValueStore()
    store.put(bytes('ab'), 1, 0)
    store.accept()
    expect([...store.withPrefix(bytes('a'))]).to.have.length(1)
    store.put(bytes('aa'), 2, 0)
    store.put(bytes('ab'), undefined, 0)
    store.rollback()
    expect([...store.withPrefix(bytes('a'))].map(({ value }) => value)).to.deep.equal([1])
  })
})

describe('a window store', () => {
  const startsOf = (found: Iterable<{ readonly start: number }>) =>
    [...found].map(({ start }) => start)

  it('keeps a value for each key and start', () => {
    const store = windowStore()
    store.put(bytes('a'), 0, 'a0', 1)
    store.put(bytes('a'), 10, 'a10', 12)
    store.put(bytes('b'), 0, 'b0', 3)
    expect(store.get(bytes('a'), 10)).to.include({ value: 'a10', timestamp: 12 })
    expect(startsOf(store.fetch(bytes('a'), 0, 9))).to.deep.equal([0])
    expect([...store.fetchAll(0, 10)].map(({ value }) => value)).to.deep.equal(['a0', 'b0', 'a10'])
  })

  it('has no window that began as long before the latest as it keeps them', () => {
    const store = windowStore()
    store.put(bytes('a'), 0, 'old', 0)
    store.put(bytes('a'), 100, 'new', 100)
    expect(store.get(bytes('a'), 0)).to.equal(undefined)
    store.accept()
    expect(store.size).to.equal(1)
    store.put(bytes('a'), 0, 'too late', 0)
    expect(startsOf(store.fetchAll(0, 1000))).to.deep.equal([100])
  })

  it('gets back what a record that failed had made expire', () => {
    const store = windowStore()
    store.put(bytes('a'), 0, 'old', 0)
    store.accept()
    store.put(bytes('a'), 100, 'new', 100)
    store.rollback()
    expect(startsOf(store.fetchAll(0, 1000))).to.deep.equal([0])
  })

  it('writes keys as Kafka Streams does: key, start, sequence', () => {
    const store = windowStore()
    store.put(bytes('a'), 258, 1, 300)
    expect(written(store)).to.deep.equal([['a\0\0\0\0\0\0\x01\x02\0\0\0\0', '1', 300]])
  })

  it('keeps duplicates where it is told to, in the order in which they came', () => {
    const store = windowStore(true)
    for (const value of ['x', 'y']) store.put(bytes('a'), 5, value, 5)
    expect([...store.fetch(bytes('a'), 0, 9)].map(({ value }) => value)).to.deep.equal(['x', 'y'])
    expect(written(store).map(([key]) => String(key).slice(-1))).to.deep.equal(['\x01', '\x02'])
  })

  it('comes back from its changelog as it was', () => {
    const put = fc.record({
      key: fc.constantFrom('a', 'b'),
      start: fc.integer({ min: 0, max: 300 }),
      value: fc.option(fc.integer(), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(put), fc.boolean(), (puts, retainDuplicates) => {
        const store = windowStore(retainDuplicates)
        const changelog: ChangelogRecord[] = []
        for (const { key, start, value } of puts) {
          // Nothing is written of it, but time goes on.
          if (retainDuplicates && value === undefined) continue
          store.put(bytes(key), start, value, start)
          store.accept()
          changelog.push(...store.takeDirty())
        }
        const again = windowStore(retainDuplicates)
        for (const record of changelog) again.restore(record)
        const list = (of: WindowStore) =>
          [...of.fetchAll(0, 1000)].map(({ key, start, value }) => [key.toString(), start, value])
        expect(list(again)).to.deep.equal(list(store))
        expect(again.size).to.equal(store.size)
      }),
    )
  })
})

describe('a session store', () => {
  const session = (key: string, start: number, end: number) => ({ key: bytes(key), start, end })
  const spans = (found: Iterable<{ readonly start: number; readonly end: number }>) =>
    [...found].map(({ start, end }) => [start, end])

  it('finds the sessions that reach into a span', () => {
    const store = sessionStore()
    store.put(session('a', 0, 10), 1, 10)
    store.put(session('a', 30, 40), 2, 40)
    store.put(session('a', 60, 70), 3, 70)
    store.put(session('b', 30, 40), 4, 40)
    expect(spans(store.find(bytes('a'), 40, 60))).to.deep.equal([
      [30, 40],
      [60, 70],
    ])
    expect(spans(store.find(bytes('a'), 11, 29))).to.deep.equal([])
  })

  it('goes through the sessions of all keys in the order of their end', () => {
    const store = sessionStore()
    store.put(session('b', 5, 10), 1, 10)
    store.put(session('a', 0, 10), 2, 10)
    store.put(session('a', 0, 3), 3, 3)
    expect([...store.fetchAll(0, 10)].map(({ value }) => value)).to.deep.equal([3, 2, 1])
  })

  it('removes a session that became part of another', () => {
    const store = sessionStore()
    store.put(session('a', 0, 10), 1, 10)
    store.accept()
    store.put(session('a', 0, 10), undefined, 10)
    store.put(session('a', 0, 20), 2, 20)
    expect(spans(store.find(bytes('a'), 0, 100))).to.deep.equal([[0, 20]])
    expect(written(store).map(([, value]) => value)).to.deep.equal([undefined, '2'])
    expect(store.size).to.equal(1)
  })

  it('writes keys as Kafka Streams does: key, end, start', () => {
    const store = sessionStore()
    store.put(session('a', 1, 2), 1, 2)
    expect(written(store)).to.deep.equal([['a\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x01', '1', 2]])
  })
})
