import { expect } from 'chai'
import fc from 'fast-check'
import { AppendedWindowStore } from '../../../runtime/state/appended-window-store.ts'
import { hashOf } from '../../../runtime/state/key-index.ts'
import { MemoryWindowStore } from '../../../runtime/state/memory-window-store.ts'
import type { ChangelogRecord, StateStore, WindowStore } from '../../../runtime/state/store.ts'
import { jsonSerde } from '../../../runtime/serde/json.ts'
import { windowStoreKey } from '../../../runtime/serde/window-key.ts'
import { rowsInto } from './store-families.ts'

const options = { retentionMs: 50, retainDuplicates: true, serde: jsonSerde }
const bytes = (text: string) => Buffer.from(text)

const step = fc.oneof(
  {
    arbitrary: fc.record({
      key: fc.constantFrom('a', 'b', 'bb', 'c'),
      time: fc.integer({ min: 0, max: 300 }),
    }),
    weight: 8,
  },
  fc.constantFrom('accept', 'rollback', 'commit'),
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** What can be seen of a store after each step. */
function seen(store: WindowStore & StateStore, steps: readonly Step[]): unknown[] {
  const changelog: unknown[] = []
  return steps.map((one, n) => {
    if (one === 'accept') store.accept()
    else if (one === 'rollback') store.rollback()
    else if (one === 'commit') {
      store.accept()
      for (const { key, value, timestamp } of store.takeDirty())
        changelog.push([key.toString('latin1'), value?.toString(), timestamp])
    } else store.put(bytes(one.key), one.time, { n }, n)
    const found = [...store.fetch(bytes('b'), 20, 250), ...store.fetchAll(10, 280)]
    return [
      [...changelog],
      store.latest,
      one === 'accept' || one === 'commit' ? store.size : undefined,
      found.map(({ key, start, value, timestamp }) => [key.toString(), start, value, timestamp]),
    ]
  })
}

function store(): AppendedWindowStore {
  const made = new AppendedWindowStore('s', options)
  const at = (key: string) => made.at(hashOf(bytes(key), 0, key.length), bytes(key), 0, key.length)
  at('a')
  return made
}

describe('runtime/state/appended-window-store.ts', () => {
  it('gives what a window store gives that can do more', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
        const model = new MemoryWindowStore('s', options)
        const appended = new AppendedWindowStore('s', options)
        expect(seen(appended, steps)).to.deep.equal(seen(model, steps))
      }),
    )
  })

  it('writes its changes as bytes as it does into records', () => {
    const [records, rows] = [store(), store()]
    for (const one of [records, rows])
      for (let n = 0; n < 1000; n++) one.put(bytes(`key ${n % 7}`), n, { n }, n + 1)
    const written: ChangelogRecord[] = []
    rows.takeDirtyInto(rowsInto(written))
    const taken = Array.from(records.takeDirty(), ({ key, value, timestamp }) => ({
      key: Buffer.from(key),
      value: value && Buffer.from(value),
      timestamp,
    }))
    expect(written).to.deep.equal(taken)
  })

  it('has an entry once that its changelog has twice', () => {
    const [again, kept] = [store(), store()]
    kept.put(bytes('a'), 5, { n: 1 }, 5)
    const [entry] = [...kept.takeDirty()]
    for (const record of [entry, entry]) if (record !== undefined) again.restore(record)
    expect(again.size).to.equal(1)
    expect([...again.fetch(bytes('a'), 0, 9)].map(({ value }) => value)).to.deep.equal([{ n: 1 }])
  })

  const fits: readonly (readonly [text: string, isFit: boolean, isOpen: boolean])[] = [
    ['{"a":1}', true, true],
    ['{"b":1}', true, false],
    ['{}', true, false],
    ['[1]', true, false],
    ['{ "a": 1 }', false, false],
    ['{"a":1.0}', false, false],
  ]
  for (const [text, isFit, isOpen] of fits) {
    it(`knows of ${text} whether it is as it would be written, and takes a field "b"`, () => {
      const restored = store()
      const key = windowStoreKey(bytes('a'), 5, 1)
      restored.restore({ key, value: bytes(text), timestamp: 5 })
      expect(restored.match(0, 9)).to.equal(1)
      const [row = -1] = restored.matches
      expect([restored.isFit(row), restored.isOpenFor(row, 'b')]).to.deep.equal([isFit, isOpen])
    })
  }
})
