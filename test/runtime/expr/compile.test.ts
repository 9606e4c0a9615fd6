import { expect } from 'chai'
import { run } from '@bufbuild/cel'
import fc from 'fast-check'
import { compile } from '../../../runtime/expr/compile.ts'
import { ExpressionError } from '../../../runtime/expr/expression-error.ts'
import { recordEnvironment } from '../../../runtime/expr/record-environment.ts'
import type { StreamRecord } from '../../../runtime/topology/record.ts'

const record = (value: unknown): StreamRecord => ({
  key: 'k',
  value,
  timestamp: 1_700_000_000_000,
  topic: 't',
  partition: 1,
  offset: 7,
  headers: [{ key: 'trace', value: Buffer.from('abc') }],
  window: null,
})

const evaluate = (source: string, value: unknown): unknown =>
  compile(source, recordEnvironment).evaluate(record(value))

const payment = {
  amount: 20,
  card: 'c1',
  tags: ['a', 'b'],
  'a b': 1,
  nested: { x: null },
  proto: {},
}

const sentences: readonly (readonly [source: string, result: unknown])[] = [
  ['value.amount + 1', 21],
  ['value.amount / 8', 2.5],
  ['value.amount % 3', 2],
  ['-value.amount', -20],
  ['value.amount > 19.5 && value.card == "c1"', true],
  ['value.amount == 20.0', true],
  ['value.card < "c2"', true],
  ['value["a b"]', 1],
  ['value.tags[1]', 'b'],
  ['"a" in value.tags', true],
  ['"amount" in value', true],
  ['has(value.nope)', false],
  ['has(value.nested.x)', true],
  ['value.nested.x == null', true],
  ['has(value.constructor)', false],
  ['value.amount > 5 ? "big" : "small"', 'big'],
  ['value.tags.exists(t, t == "b")', true],
  ['value.tags.all(t, size(t) == 1)', true],
  ['value.tags.map(t, t + "!")', ['a!', 'b!']],
  ['value.tags.filter(t, t != "a")', ['b']],
  ['size("😀")', 1],
  ['value.card.startsWith("c")', true],
  ['value.card.matches("^c[0-9]$")', true],
  ['string(value.amount) + value.card', '20c1'],
  ['int("42") + 1', 43],
  ['round(2.5) + round(-2.5)', 0],
  ['{"card": value.card, "n": [1, 2]}', { card: 'c1', n: [1, 2] }],
  ['key + topic + string(partition) + string(offset)', 'kt17'],
  ['headers["trace"]', 'abc'],
  // The right side decides, whatever is wrong with the left.
  ['value.nope > 1 || true', true],
  ['value.nope > 1 && false', false],
]

const faults: readonly (readonly [source: string, message: RegExp])[] = [
  ['value.amout > 1', /no field "amout".*Did you mean "amount"/],
  ['value.amount + "1"', /cannot add number and string: write string\(…\)/],
  ['value.amount / 0', /division by zero/],
  ['1e308 * 10.0', /too large/],
  ['value.tags[2]', /index 2 is outside the list of 2/],
  ['value.card > 3', /cannot compare string with number/],
  ['value.amount ? 1 : 2', /needs a bool, not number/],
  ['value.card.matches("(")', /bad pattern/],
]

const mistakes: readonly (readonly [source: string, message: RegExp])[] = [
  ['valu.amount', /unknown variable "valu".*Did you mean "value"/],
  ['sise(value)', /Did you mean "size"/],
  ['value.amount >', /1:1[34]/],
  ['', /./],
  ['1 + '.repeat(2000) + '1', /longer than 4096/],
  [`${'['.repeat(80)}1${']'.repeat(80)}`, /nested more than 64 deep/],
]

describe('runtime/expr/compile.ts', () => {
  for (const [source, result] of sentences) {
    it(`${source} is ${JSON.stringify(result)}`, () => {
      expect(evaluate(source, payment)).to.deep.equal(result)
    })
  }

  for (const [source, message] of faults) {
    it(`${source} fails on the record, and says why`, () => {
      expect(() => evaluate(source, payment)).to.throw(ExpressionError, message)
    })
  }

  for (const [source, message] of mistakes) {
    it(`${source.slice(0, 30)} is refused before any record comes`, () => {
      expect(() => compile(source, recordEnvironment)).to.throw(ExpressionError, message)
    })
  }

  it('points at the place with a caret', () => {
    expect(() => compile('value.amount > valu.x', recordEnvironment)).to.throw(
      / {2}value\.amount > valu\.x\n {17}\^/,
    )
  })

  it('ends an expression that would run for too long', () => {
    const value = Array.from({ length: 1000 }, () => 1)
    const source = 'value.all(a, value.all(b, value.all(c, true)))'
    expect(() => evaluate(source, value)).to.throw(ExpressionError, /steps/)
  })
})

const wrap = ([a, operator, b]: [string, string, string]) => `(${a} ${operator} ${b})`

/** Expressions whose numbers are whole and small, where CEL's types and JSON's agree. */
const booleans: fc.Arbitrary<string> = fc.letrec<{ bool: string; number: string }>((tie) => ({
  number: fc.oneof(
    { depthSize: 'small' },
    fc.integer({ min: -9, max: 9 }).map((n) => `${n}.0`),
    fc.constantFrom('value.a', 'value.b', 'value.list[0]'),
    fc.tuple(tie('number'), fc.constantFrom('+', '-', '*'), tie('number')).map(wrap),
    fc.tuple(tie('bool'), tie('number'), tie('number')).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
  ),
  bool: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('true', 'false', 'value.flag', 'has(value.none)', 'value.s == "x"'),
    fc.tuple(tie('number'), fc.constantFrom('<', '<=', '==', '!=', '>'), tie('number')).map(wrap),
    fc.tuple(tie('bool'), fc.constantFrom('&&', '||'), tie('bool')).map(wrap),
    tie('bool').map((b) => `!${b}`),
    tie('number').map((n) => `value.list.exists(i, i == ${n})`),
    tie('number').map((n) => `value.none > ${n}`),
  ),
})).bool

const values = fc.record({
  a: fc.integer({ min: -9, max: 9 }),
  b: fc.integer({ min: -9, max: 9 }),
  list: fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 3 }),
  flag: fc.boolean(),
  s: fc.constantFrom('x', 'y'),
})

describe('runtime/expr against @bufbuild/cel', () => {
  it('agrees on random expressions and records, faults included', () => {
    fc.assert(
      fc.property(booleans, values, (source, value) => {
        expect(outcome(() => evaluate(source, value))).to.equal(outcome(() => judge(source, value)))
      }),
      { numRuns: 2000 },
    )
  })
})

const outcome = (run: () => unknown): unknown => {
  try {
    return run()
  } catch {
    return 'fault'
  }
}

function judge(source: string, value: object): unknown {
  const result = run(source, { value: new Map(Object.entries(value)) })
  if (typeof result !== 'boolean') throw new Error(`${source} is no test: ${typeof result}`)
  return result
}
