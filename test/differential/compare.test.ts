import { expect } from 'chai'
import type { Case } from './case.ts'
import { differencesOf } from './compare.ts'
import type { Entry, Outcome } from './outcome.ts'

const one: Case = { name: 'one', ops: [], inputs: [{ topic: 'in', key: 'a', value: 1, ts: 5 }] }
const entry = (key: string, value: number, ts = 5): Entry => ({ key, value, ts })
const outputs = (...out: readonly Entry[]): Outcome => ({
  steps: [{ outputs: { out }, changelogs: {} }],
})
const changelog = (...store: readonly Entry[]): Outcome => ({
  steps: [{ outputs: {}, changelogs: { store } }],
})
const failed = (at: number, message: string): Outcome => ({
  steps: [],
  error: { at, message },
})

const alike: readonly (readonly [string, Outcome, Outcome])[] = [
  ['the same outputs', outputs(entry('a', 1)), outputs(entry('a', 1))],
  [
    'a changelog with one record a key in place of several',
    changelog(entry('a', 1), entry('b', 1), entry('a', 2)),
    changelog(entry('a', 2), entry('b', 1)),
  ],
  ['errors at the same input, whatever they say', failed(0, 'this'), failed(0, 'that')],
  ['stores that one side does not show', { ...outputs(), stores: {} }, outputs()],
]

const different: readonly (readonly [string, Outcome, Outcome, RegExp])[] = [
  [
    'another value',
    outputs(entry('a', 1)),
    outputs(entry('a', 2)),
    /^input 0, topic out\n.*"a" → 1 @5\n.*"a" → 2 @5$/,
  ],
  ['another time', outputs(entry('a', 1)), outputs(entry('a', 1, 6)), /→ 1 @6$/],
  [
    'another order',
    outputs(entry('a', 1), entry('b', 1)),
    outputs(entry('b', 1), entry('a', 1)),
    /topic out/,
  ],
  ['a topic without records', outputs(entry('a', 1)), outputs(), /Millrace: +nothing$/],
  ['another changelog', changelog(entry('a', 1)), changelog(entry('a', 2)), /changelog of store/],
  ['an error', outputs(), failed(0, 'this'), /error at input 0 \(in, a\): this/],
  ['no topology', failed(-1, 'this'), outputs(), /error before all inputs: this/],
  [
    'another store',
    { ...outputs(), stores: { kept: [entry('a', 1)] } },
    { ...outputs(), stores: { kept: [] } },
    /at the end, store kept/,
  ],
  ['other drops', { ...outputs(), dropped: 1 }, { ...outputs(), dropped: 0 }, /^dropped/],
]

describe('the comparison of two outcomes', () => {
  for (const [title, java, millrace] of alike) {
    it(`passes ${title}`, () => {
      expect(differencesOf(one, java, millrace)).to.deep.equal([])
    })
  }

  for (const [title, java, millrace, told] of different) {
    it(`tells of ${title}`, () => {
      expect(differencesOf(one, java, millrace)).to.have.length(1)
      expect(differencesOf(one, java, millrace)[0]).to.match(told)
    })
  }
})
