import { expect } from 'chai'
import fc from 'fast-check'
import { jsonSerde } from '../../../runtime/serde/json.ts'
import { parseSessionKey } from '../../../runtime/serde/window-key.ts'
import { ColumnSessionStore } from '../../../runtime/state/column-session-store.ts'
import { MemorySessionStore } from '../../../runtime/state/memory-session-store.ts'
import { NumberFields } from '../../../runtime/state/number-fields.ts'
import type { ChangelogRecord, SessionStore, StateStore } from '../../../runtime/state/store.ts'

const RETENTION_MS = 100
const GAP_MS = 30
const numbers = new NumberFields([{ name: 'n', members: [], initial: 0 }])
const keys = ['a', 'b', '', 'longer than a word']

const inColumns = () => new ColumnSessionStore('s', RETENTION_MS, numbers)
const asObjects = () => new MemorySessionStore('s', { retentionMs: RETENTION_MS, serde: jsonSerde })

type Store = SessionStore & StateStore

const contents = (store: Store) => [
  Array.from(store.fetchAll(-Infinity, Infinity), ({ key, start, end, value, timestamp }) =>
    [key.toString(), start, end, JSON.stringify(value), timestamp].join(' '),
  ),
  keys.map((key) =>
    Array.from(store.find(Buffer.from(key), 60, 150), ({ start, end }) => [start, end]),
  ),
]

/** Key → value and time, of what changed since the last time. */
const changes = (store: StateStore) =>
  new Map(
    Array.from(store.takeDirty(), ({ key, value, timestamp }) => [
      key.toString('hex'),
      `${value?.toString() ?? 'gone'} ${timestamp}`,
    ]),
  )

const round = fc.record({
  puts: fc.array(
    fc.record({
      key: fc.constantFrom(...keys),
      hurry: fc.integer({ min: -90, max: 40 }),
      length: fc.constantFrom(0, 0, 10, 40),
      n: fc.option(fc.integer(), { nil: undefined, freq: 3 }),
    }),
    { maxLength: 6 },
  ),
  end: fc.constantFrom('accept', 'rollback', 'commit'),
})

/** Adds a record as a program does. False where that leaves it to the interpreter. */
function add(store: ColumnSessionStore, name: string, time: number): boolean {
  const key = Buffer.from(name)
  const met = store.keyed(key, 0, key.length).meet(time, GAP_MS)
  if (met < 0) return false
  const { columns } = store.rows
  const rows = [...store.met.subarray(0, met)]
  const sum = rows.reduce((total, row) => total + (columns[0]?.[row] ?? 0), 0)
  const row = store.settle(time)
  store.rows.columns[0]?.fill(sum + 1, row, row + 1)
  return true
}

/** Adds a record as the interpreter does. */
function addAsObject(store: SessionStore, name: string, time: number): void {
  const key = Buffer.from(name)
  const found = [...store.find(key, time - GAP_MS, time + GAP_MS)]
  const start = Math.min(time, ...found.map((session) => session.start))
  const end = Math.max(time, ...found.map((session) => session.end))
  const sum = found.reduce((total, { value }) => total + (value as { n: number }).n, 0)
  for (const session of found) store.put(session, undefined, time)
  store.put({ key, start, end }, { n: sum + 1 }, time)
}

const restored = (changelog: Iterable<ChangelogRecord>): ColumnSessionStore => {
  const store = inColumns()
  for (const record of changelog) store.restore(record)
  return store
}

describe('a store of sessions in columns', () => {
  it('does what a store of objects does, but for what came and went between two commits', () => {
    fc.assert(
      fc.property(fc.array(round, { maxLength: 40 }), (rounds) => {
        const [columns, objects] = [inColumns(), asObjects()]
        const logged = new Set<string>()
        let time = 100
        for (const { puts, end } of rounds) {
          for (const { key: name, hurry, length, n } of puts) {
            time = Math.max(time, time + hurry)
            const late = time + Math.min(0, hurry)
            const at = Math.max(0, late - (late % 10))
            const session = { key: Buffer.from(name), start: Math.max(0, at - length), end: at }
            for (const store of [columns, objects])
              store.put(session, n === undefined ? undefined : { n }, at + 1)
          }
          for (const store of [columns, objects])
            if (end === 'rollback') store.rollback()
            else store.accept()
          expect(contents(columns)).to.deep.equal(contents(objects))
          if (end !== 'commit') continue
          const isKnown = ([key, value]: readonly [string, string]) =>
            logged.has(key) || !value.startsWith('gone')
          const expected = [...changes(objects)].filter(isKnown)
          expect([...changes(columns)].filter(isKnown).sort()).to.deep.equal(expected.sort())
          for (const [key, value] of expected)
            if (value.startsWith('gone')) logged.delete(key)
            else logged.add(key)
        }
      }),
    )
  })

  it('makes one session of those that a record meets, as the interpreter does', () => {
    const record = fc.record({
      key: fc.constantFrom(...keys),
      hurry: fc.integer({ min: -60, max: 40 }),
      commits: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(record, { maxLength: 150 }), (records) => {
        const [columns, objects] = [inColumns(), asObjects()]
        const changelog: ChangelogRecord[] = []
        let time = 1000
        for (const { key, hurry, commits } of records) {
          time = Math.max(time, time + hurry)
          // Nothing of a record that is in doubt has changed the store.
          if (add(columns, key, time + hurry)) addAsObject(objects, key, time + hurry)
          for (const store of [columns, objects]) store.accept()
          if (!commits) continue
          changelog.push(...columns.takeDirty())
          objects.clear()
          for (const one of changelog) objects.restore(one)
          expect(contents(restored(changelog))).to.deep.equal(contents(columns))
        }
        expect(contents(columns)).to.deep.equal(contents(objects))
      }),
    )
  })

  it('does not tell the changelog, nor a snapshot, of a session that became another before the commit', () => {
    const store = inColumns()
    add(store, 'a', 1000)
    add(store, 'a', 1010)
    expect([...store.dump(1000)], 'the time alone').to.have.length(1)
    expect(endsOf(store)).to.deep.equal([1010])
    add(store, 'a', 1020)
    add(store, 'a', 1030)
    expect(endsOf(store), 'what is gone, and what it has become').to.have.members([1010, 1030])
    expect([...store.dump(1000)]).to.have.length(2)
  })

  it('gives rows and keys back once they are expired and written', () => {
    const store = inColumns()
    for (let n = 0; n < 100_000; n++) {
      add(store, `key ${n}`, 1000 + n)
      if (n % 1000 === 0) endsOf(store)
    }
    endsOf(store)
    expect(store.size).to.equal(RETENTION_MS)
    expect(store.rows.made).to.be.lessThan(5000)
    expect(store.footprint.memory).to.be.lessThan(1_000_000)
  })
})

/** Of what changed since the last time. */
const endsOf = (store: StateStore) =>
  Array.from(store.takeDirty(), ({ key }) => parseSessionKey(key).end)
