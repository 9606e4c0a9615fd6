import { expect } from 'chai'
import fc from 'fast-check'
import { createStore } from '../../../runtime/state/create-store.ts'
import type { ChangelogRecord, StateStore, VersionedStore } from '../../../runtime/state/store.ts'
import { changelogConfig } from '../../../runtime/topology/store-spec.ts'

const HISTORY_MS = 100

const versionedStore = () =>
  createStore({
    kind: 'versioned',
    name: 'versioned',
    format: 'Json',
    historyMs: HISTORY_MS,
  }) as VersionedStore & StateStore

const bytes = (text: string) => Buffer.from(text)
const a = bytes('a')

describe('a versioned store', () => {
  it('knows what held at each time', () => {
    const store = versionedStore()
    store.put(a, 'first', 10)
    store.put(a, 'second', 20)
    expect([9, 10, 19, 20, 99].map((time) => store.getAsOf(a, time)?.value)).to.deep.equal([
      undefined,
      'first',
      'first',
      'second',
      'second',
    ])
    expect(store.get(a)).to.include({ value: 'second', timestamp: 20 })
  })

  it('puts a version that comes out of order where it belongs', () => {
    const store = versionedStore()
    store.put(a, 'third', 30)
    store.put(a, 'first', 10)
    store.put(a, 'second', 20)
    expect([10, 20, 30].map((time) => store.getAsOf(a, time)?.value)).to.deep.equal([
      'first',
      'second',
      'third',
    ])
    expect(store.get(a)?.value).to.equal('third')
  })

  it('knows that a key was gone for a while', () => {
    const store = versionedStore()
    store.put(a, 'first', 10)
    store.put(a, undefined, 20)
    store.put(a, 'third', 30)
    expect([15, 25, 35].map((time) => store.getAsOf(a, time)?.value)).to.deep.equal([
      'first',
      undefined,
      'third',
    ])
  })

  it('goes through what its keys have now, in the order of their bytes', () => {
    const store = versionedStore()
    store.put(bytes('b'), 'b', 10)
    store.put(a, 'new', 30)
    store.put(a, 'old', 20)
    store.put(bytes('c'), undefined, 30)
    expect([...store.entries()].map(({ key, value }) => [key.toString(), value])).to.deep.equal([
      ['a', 'new'],
      ['b', 'b'],
    ])
  })

  it('takes nothing that is older than its history', () => {
    const store = versionedStore()
    store.put(a, 'new', 200)
    expect(store.put(a, 'old', 99)).to.equal(false)
    expect(store.put(a, 'just', 100)).to.equal(true)
  })

  it('answers for longer ago only what holds still', () => {
    const store = versionedStore()
    store.put(a, 'a', 10)
    store.put(bytes('b'), 'b1', 10)
    store.put(bytes('b'), 'b2', 50)
    store.put(bytes('c'), 'c', 200)
    expect(store.getAsOf(a, 20)?.value).to.equal('a')
    expect(store.getAsOf(bytes('b'), 20)?.value).to.equal(undefined)
    expect(store.getAsOf(bytes('b'), 60)?.value).to.equal('b2')
  })

  it('forgets versions that nobody may ask for, of keys that nothing happens to, too', () => {
    const store = versionedStore()
    for (const time of [10, 20, 30]) store.put(a, time, time)
    store.put(bytes('gone'), 'x', 10)
    store.put(bytes('gone'), undefined, 20)
    store.accept()
    expect(store.size).to.equal(5)
    store.put(bytes('b'), 'b', 200)
    store.accept()
    expect(store.size).to.equal(2)
    expect(store.get(a)?.value).to.equal(30)
  })

  it('is compacted, but only after versions are of no use any more', () => {
    expect(changelogConfig({ kind: 'versioned', historyMs: 1000 })).to.include({
      'cleanup.policy': 'compact',
      'min.compaction.lag.ms': String(24 * 60 * 60 * 1000 + 1000),
    })
  })

  const change = fc.record({
    key: fc.constantFrom('a', 'b'),
    time: fc.integer({ min: 0, max: 300 }),
    value: fc.option(fc.nat(), { nil: undefined }),
    fails: fc.boolean(),
    commits: fc.boolean(),
  })
  const knowledge = (store: VersionedStore) =>
    ['a', 'b'].flatMap((key) =>
      Array.from({ length: 31 }, (_, n) => store.getAsOf(bytes(key), 10 * n)?.value),
    )

  it('says of each time within its history what a list of all changes says', () => {
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const store = versionedStore()
        const done: (typeof changes)[number][] = []
        let latest = -1
        for (const one of changes) {
          store.put(bytes(one.key), one.value, one.time)
          if (one.fails) store.rollback()
          else store.accept()
          if (one.fails || one.time < latest - HISTORY_MS) continue
          done.push(one)
          latest = Math.max(latest, one.time)
        }
        for (const key of ['a', 'b']) {
          for (let time = Math.max(0, latest - HISTORY_MS); time <= latest; time += 7) {
            const held = done
              .filter((one) => one.key === key && one.time <= time)
              .reduce<(typeof done)[number] | undefined>(
                (best, one) => (best === undefined || one.time >= best.time ? one : best),
                undefined,
              )
            expect(store.getAsOf(bytes(key), time)?.value).to.equal(held?.value)
          }
        }
      }),
    )
  })

  it('comes back from its changelog as it was', () => {
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const store = versionedStore()
        const changelog: ChangelogRecord[] = []
        for (const { key, value, time, commits } of changes) {
          store.put(bytes(key), value, time)
          store.accept()
          if (commits) changelog.push(...store.takeDirty())
        }
        changelog.push(...store.takeDirty())
        const again = versionedStore()
        for (const record of changelog) again.restore(record)
        expect(knowledge(again)).to.deep.equal(knowledge(store))
        expect(again.size).to.equal(store.size)
      }),
    )
  })
})
