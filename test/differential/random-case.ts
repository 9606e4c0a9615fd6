import fc from 'fast-check'
import type { Case, CaseRecord, Json, Op } from './case.ts'
import { deliberateDifference } from './deliberate.ts'
import type { Feature } from './features.ts'
import { Growth } from './growth.ts'
import { moves } from './moves.ts'

const MOVES = 9
const INPUTS = 40
const DICE = 12

/** Mostly numbers, so that sums tell records apart. */
const value: fc.Arbitrary<Json> = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 9 }), weight: 6 },
  { arbitrary: fc.constantFrom('x', 'yy', 'zzz'), weight: 1 },
  {
    arbitrary: fc.record({ f: fc.constantFrom('a', 'b', 'c'), n: fc.integer({ min: 0, max: 9 }) }),
    weight: 3,
  },
  { arbitrary: fc.constant(null), weight: 2 },
)

const input = fc.record({
  topic: fc.nat(),
  key: fc.oneof(
    { arbitrary: fc.constantFrom('a', 'b', 'c'), weight: 12 },
    { arbitrary: fc.constant(null), weight: 1 },
  ),
  value,
  /** Time mostly goes on, and often goes back by less than windows are long. */
  later: fc.oneof(
    { arbitrary: fc.integer({ min: 0, max: 6 }), weight: 6 },
    { arbitrary: fc.integer({ min: -12, max: 0 }), weight: 3 },
    { arbitrary: fc.integer({ min: 0, max: 40 }), weight: 1 },
  ),
})

const move = fc.record({
  move: fc.constantFrom(...moves),
  dice: fc.array(fc.nat(), { minLength: DICE, maxLength: DICE }),
})

/** Cases of operations that are all among `covered`, and on which both sides must agree. */
export const randomCase = (covered: ReadonlySet<Feature>): fc.Arbitrary<Case> =>
  fc
    .tuple(
      fc.array(move, { minLength: 1, maxLength: MOVES, size: 'max' }),
      fc.array(input, { minLength: 1, maxLength: INPUTS, size: 'max' }),
      fc.oneof(
        { arbitrary: fc.constant(false), weight: 3 },
        { arbitrary: fc.constant(true), weight: 1 },
      ),
    )
    .map(([made, given, isInOrder]) => {
      const growth = new Growth(covered)
      for (const { move, dice } of made) growth.grow(move, dice)
      const ops = growth.finished()
      return { name: 'random', ops, inputs: inputsOf(ops, isInOrder ? given.map(onwards) : given) }
    })
    .filter((one) => deliberateDifference(one) === undefined)

/** Time never goes back. */
const onwards = <T extends { readonly later: number }>(one: T): T => ({
  ...one,
  later: Math.abs(one.later),
})

function inputsOf(
  ops: readonly Op[],
  given: readonly (Omit<CaseRecord, 'topic' | 'ts'> & {
    readonly topic: number
    readonly later: number
  })[],
): CaseRecord[] {
  const topics = ops.flatMap((op) => ('topic' in op && op.op !== 'to' ? [op.topic] : []))
  let ts = 0
  return given.map(({ topic, later, key, value }) => {
    ts = Math.max(0, ts + later)
    return { topic: topics[topic % topics.length] ?? '', key, value, ts }
  })
}
