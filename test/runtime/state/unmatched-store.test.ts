import { expect } from 'chai'
import fc from 'fast-check'
import { createStore } from '../../../runtime/state/create-store.ts'
import type { ChangelogRecord, StateStore, UnmatchedStore } from '../../../runtime/state/store.ts'
import { changelogConfig } from '../../../runtime/topology/store-spec.ts'

const unmatchedStore = () =>
  createStore({
    kind: 'unmatched',
    name: 'unmatched',
    format: 'Json',
    rightFormat: 'String',
  }) as UnmatchedStore & StateStore

const at = (key: string, side: 'left' | 'right', time: number) => ({
  key: Buffer.from(key),
  side,
  time,
})

const contentOf = (store: UnmatchedStore) =>
  [...store.entries()].map(({ key, side, time, values }) => [time, side, key.toString(), ...values])

describe('a store of unmatched records', () => {
  it('goes by time, then the right side first, then by key', () => {
    const store = unmatchedStore()
    store.add(at('b', 'left', 5), 1)
    store.add(at('a', 'left', 5), 2)
    store.add(at('c', 'right', 5), 'r')
    store.add(at('z', 'left', 3), 3)
    expect(contentOf(store)).to.deep.equal([
      [3, 'left', 'z', 3],
      [5, 'right', 'c', 'r'],
      [5, 'left', 'a', 2],
      [5, 'left', 'b', 1],
    ])
  })

  it('keeps all values of a place, and removes them together', () => {
    const store = unmatchedStore()
    store.add(at('a', 'left', 5), 1)
    store.add(at('a', 'left', 5), 2)
    expect(contentOf(store)).to.deep.equal([[5, 'left', 'a', 1, 2]])
    store.remove(at('a', 'right', 5))
    expect(store.size).to.equal(1)
    store.remove(at('a', 'left', 5))
    store.accept()
    expect(contentOf(store)).to.deep.equal([])
  })

  it('writes keys as Kafka Streams does: time, side, key', () => {
    const store = unmatchedStore()
    store.add(at('a', 'left', 258), 1)
    store.add(at('b', 'right', 1), 'r')
    const written = [...store.takeDirty()].map(({ key, timestamp }) => [
      key.toString('latin1'),
      timestamp,
    ])
    expect(written).to.deep.equal([
      ['\0\0\0\0\0\0\x01\x02\x01a', 258],
      ['\0\0\0\0\0\0\0\x01\0b', 1],
    ])
  })

  it('is compacted, never trimmed by time: what is unmatched stays until it is emitted', () => {
    const config = changelogConfig({ kind: 'unmatched', rightFormat: 'Json' })
    expect(config['cleanup.policy']).to.equal('compact')
  })

  it('forgets what a record that failed has changed, of times as well', () => {
    const store = unmatchedStore()
    store.add(at('a', 'left', 5), 1)
    store.times.streamTime = 5
    store.accept()
    store.remove(at('a', 'left', 5))
    store.add(at('b', 'right', 9), 'r')
    store.times.streamTime = 9
    store.rollback()
    expect(contentOf(store)).to.deep.equal([[5, 'left', 'a', 1]])
    expect(store.times.streamTime).to.equal(5)
  })

  it('comes back from its changelog as it was', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b'),
      side: fc.constantFrom('left' as const, 'right' as const),
      time: fc.integer({ min: 0, max: 3 }),
      value: fc.option(fc.string(), { nil: undefined }),
      commits: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const store = unmatchedStore()
        const changelog: ChangelogRecord[] = []
        for (const { key, side, time, value, commits } of steps) {
          if (value === undefined) store.remove(at(key, side, time))
          else store.add(at(key, side, time), value)
          store.accept()
          if (commits) changelog.push(...store.takeDirty())
        }
        changelog.push(...store.takeDirty())
        const again = unmatchedStore()
        for (const record of changelog) again.restore(record)
        expect(contentOf(again)).to.deep.equal(contentOf(store))
        expect(again.size).to.equal(store.size)
      }),
    )
  })
})
