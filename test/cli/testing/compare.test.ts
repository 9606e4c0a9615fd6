import { expect } from 'chai'
import { compareLetters, compareRecords, compareStore } from '../../../cli/testing/compare.ts'
import type { ExpectedRecord } from '../../../cli/testing/test-schema.ts'
import type { ReadRecord } from '../../../runtime/testing/records.ts'

const record = (fields: Partial<ReadRecord>): ReadRecord => ({
  key: null,
  value: null,
  timestamp: 0,
  headers: {},
  partition: 0,
  ...fields,
})

const came = record({ key: 'k', value: { a: 1, b: { c: 2, d: [3] } }, timestamp: 90_000 })
const equal = undefined

describe('cli/testing/compare.ts', () => {
  const rows: readonly (readonly [string, ExpectedRecord, unknown])[] = [
    ['a value is compared exactly', { value: { a: 1 } }, { value: came.value }],
    ['an equal value is equal', { value: { b: { d: [3], c: 2 }, a: 1 } }, equal],
    ['what is not given is not compared', { key: 'k' }, equal],
    ['contains leaves other fields alone, at any depth', { contains: { b: { c: 2 } } }, equal],
    [
      'contains shows only what it names',
      { contains: { a: 2, b: { c: 2 } } },
      { contains: { a: 1, b: { c: 2 } } },
    ],
    [
      'a list in contains is as long',
      { contains: { b: { d: [] } } },
      { contains: { b: { d: [3] } } },
    ],
    ['a field that is not there is missed', { contains: { e: 1 } }, { contains: {} }],
    ['a time is equal in another unit', { at: '90000ms' }, equal],
    ['a time is equal as a date', { at: '1970-01-01T00:01:30Z' }, equal],
    ['a time is told in durations', { at: '2m' }, { at: '90s' }],
    [
      'a time is told as a date where a date was written',
      { at: '1970-01-01T00:02:00Z' },
      { at: '1970-01-01T00:01:30.000Z' },
    ],
    ['headers may be more', { headers: {} }, equal],
    ['a header must be there', { headers: { x: 'y' } }, { headers: {} }],
  ]
  for (const [sentence, expected, actual] of rows) {
    it(sentence, () => {
      const difference = compareRecords([expected], [came])
      expect(difference?.actual).to.deep.equal(actual === equal ? equal : [actual])
    })
  }

  it('shows key and value of records that nobody expects', () => {
    expect(compareRecords([], [came])).to.deep.equal({
      expected: [],
      actual: [{ key: 'k', value: came.value }],
    })
  })

  const [one, two, three] = [1, 2, 3].map((value) => record({ value }))
  const all = [one, two, three] as readonly ReadRecord[]
  const orders: readonly (readonly [string, readonly ExpectedRecord[], (readonly unknown[])?])[] = [
    ['takes any order', [{ value: 3 }, { value: 1 }, { value: 2 }]],
    ['finds another record where several fit', [{ key: null }, { value: 1 }, { value: 2 }]],
    [
      'shows what is left in the places that are left',
      [{ value: 3 }, { value: 4 }, { value: 1 }],
      [{ value: 3 }, { value: 2 }, { value: 1 }],
    ],
  ]
  for (const [sentence, anyOrder, actual] of orders) {
    it(`anyOrder ${sentence}`, () => {
      expect(compareRecords({ anyOrder: [...anyOrder] }, all)?.actual).to.deep.equal(actual)
    })
  }

  const letter = {
    topic: 't',
    partition: 0,
    offset: 0,
    node: 'n',
    reason: 'InvalidJson',
    message: 'not JSON: x',
    key: null,
    value: 'v',
  }

  it('compares what a test says of a dead letter, and a part of its message', () => {
    expect(compareLetters([{ reason: 'InvalidJson', message: 'JSON' }], [letter])).to.equal(equal)
    expect(compareLetters([{ message: 'XML' }], [letter])?.actual).to.deep.equal([
      { message: 'not JSON: x' },
    ])
  })

  it('shows why records were set aside that nobody expects', () => {
    const { topic, reason, message, value } = letter
    const actual = [{ topic, reason, message, value }]
    expect(compareLetters([], [letter])).to.deep.equal({ expected: [], actual })
  })

  it('names the windows and sessions of a store', () => {
    const entries = [
      { key: 'k', value: 1, timestamp: 0 },
      { key: 7, value: 2, timestamp: 0, start: 60_000 },
      { key: 'k', value: 3, timestamp: 0, start: 0, end: 1500 },
    ]
    expect(compareStore({ k: 1, '7@1m': 2, 'k@0s..1500ms': 3 }, entries)).to.equal(equal)
  })
})
