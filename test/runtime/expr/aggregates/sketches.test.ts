import { expect } from 'chai'
import fc from 'fast-check'
import { distinct } from '../../../../runtime/expr/aggregates/distinct.ts'
import { murmur3 } from '../../../../runtime/expr/aggregates/murmur3.ts'
import { quantile } from '../../../../runtime/expr/aggregates/quantile.ts'

const { initial, add, merge, result } = distinct
const seen = (values: readonly unknown[]) =>
  values.reduce<typeof initial>((state, value) => add(state, value), initial)

const users = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `user-${from + i}`)

describe('distinct', () => {
  /** Three standard errors of 1.04 / √4096. */
  const BOUND = 3 * (1.04 / 64)

  for (const count of [1, 10, 100, 1000, 3000, 10_000, 30_000, 100_000]) {
    it(`counts ${count} within three standard errors`, () => {
      const estimate = result(seen(users(0, count)))
      expect(estimate).to.be.within(count * (1 - BOUND), count * (1 + BOUND))
    })
  }

  it('is no larger for many than its registers', () => {
    expect(JSON.stringify(seen(users(0, 5000))).length).to.be.within(4096, 4300)
    expect(JSON.stringify(seen(users(0, 100))).length).to.be.below(400)
  })

  for (const [earlier, later] of [
    [100, 5000],
    [1000, 1200],
    [3000, 3000],
  ] as const) {
    it(`merges ${earlier} with ${later}, some of them the same, byte for byte`, () => {
      const one = seen(users(0, earlier))
      const other = seen(users(earlier / 2, later))
      const all = seen(users(0, Math.max(earlier, later)))
      expect(merge(one, other)).to.deep.equal(all)
      expect(merge(other, one)).to.deep.equal(all)
    })
  }

  it('counts what a changelog says was counted before, whatever the version', () => {
    const state = { registers: 'AlDFODgkCzCB', counts: [4092, 1, 1, 2] }
    expect(seen(['anna', 42, null, { b: [1], a: 'x' }])).to.deep.equal(state)
  })
})

const sketchOf = (numbers: readonly number[]): readonly number[] => {
  const { initial, add } = quantile(0)
  return numbers.reduce((sketch, number) => add(sketch, number), initial)
}

/** What a quantile is near to. */
const exactOf = (numbers: readonly number[], q: number): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(q * (numbers.length - 1))] ?? NaN

describe('quantile', () => {
  const numbers = fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((number) => number === 0 || Math.abs(number) > 1e-300)

  it('is within 1 % of the number at its place, whatever the numbers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(numbers, fc.integer()), { minLength: 1, maxLength: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, q) => {
          const exact = exactOf(given, q)
          const estimate = quantile(q).result(sketchOf(given)) ?? NaN
          expect(Math.abs(estimate - exact)).to.be.at.most(Math.abs(exact) * 0.01 * (1 + 1e-9))
        },
      ),
    )
  })

  /** In more buckets than a sketch may have. */
  const wide = Array.from({ length: 6000 }, (_, i) => 1.03 ** (i - 3000) * (i % 7 === 0 ? -1 : 1))

  it('gives up the lowest numbers where it would have too many buckets', () => {
    const sketch = sketchOf(wide)
    expect(sketch).to.have.length(2 * 2048)
    const exact = exactOf(wide, 0.99)
    expect(quantile(0.99).result(sketch)).to.be.closeTo(exact, exact * 0.01)
  })

  it('merges and takes back then, too', () => {
    const [one, other] = [wide.slice(0, 4000), wide.slice(4000)]
    const { merge, subtract } = quantile(0.5)
    const sketch = sketchOf(wide)
    expect(merge(sketchOf(one), sketchOf(other))).to.deep.equal(sketch)
    const rest = wide.reduce((left, number) => subtract?.(left, number) ?? left, sketch)
    expect(rest).to.deep.equal([])
  })
})

/** As published with implementations in other languages. */
const hashes: readonly (readonly [text: string, seed: number, hash: number])[] = [
  ['', 0, 0],
  ['', 1, 0x514e28b7],
  ['', 0xffffffff, 0x81f16f39],
  ['a', 0x9747b28c, 0x7fa09ea6],
  ['aa', 0x9747b28c, 0x5d211726],
  ['aaa', 0x9747b28c, 0x283e0130],
  ['aaaa', 0x9747b28c, 0x5a97808a],
  ['abc', 0, 0xb3dd93fa],
  ['Hello, world!', 0x9747b28c, 0x24884cba],
  ['ππππππππ', 0x9747b28c, 0xd58063c1],
  ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
]

describe('murmur3', () => {
  for (const [text, seed, hash] of hashes) {
    it(`of "${text}" with seed ${seed} is ${hash.toString(16)}`, () => {
      expect(murmur3(Buffer.from(text), seed)).to.equal(hash)
    })
  }
})
