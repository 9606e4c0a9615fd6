import fc from 'fast-check'
import type { RecordFormat } from '../../../runtime/config.ts'
import type { JobSpec } from '../../support/job-bench.ts'

/** Fields that expressions read and records have, more or less. */
const FIELDS = ['a', 'b', 'text', 'flag', 'deep', 'ü'] as const

const pick = <T>(...items: readonly T[]) => fc.constantFrom(...items)

const path = fc.oneof(
  pick(...FIELDS.filter((name) => name !== 'ü').map((name) => `value.${name}`)),
  pick('value["ü"]', 'value.deep.x', 'value.deep.y.z'),
)

const numberLiteral = pick('0', '1', '-3', '2.5', '500', '0.1', '1e3', '9007199254740991')
const textLiteral = pick('"x"', '"card-1"', '"ü"', '""', '"quo\\"te"')

const { number, bool, anything } = fc.letrec<{ number: string; bool: string; anything: string }>(
  (tie) => ({
    number: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      path,
      numberLiteral,
      pick('timestamp', 'offset', 'partition'),
      fc
        .tuple(tie('number'), pick('+', '-', '*', '/', '%'), tie('number'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc
        .tuple(pick('abs', 'floor', 'ceil', 'round', 'int', 'double', '-'), tie('number'))
        .map(([f, a]) => `${f}(${a})`),
      fc
        .tuple(tie('bool'), tie('number'), tie('number'))
        .map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    ),
    bool: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc
        .tuple(tie('number'), pick('<', '<=', '>', '>='), tie('number'))
        .map(([a, op, b]) => `${a} ${op} ${b}`),
      fc
        .tuple(tie('anything'), pick('==', '!='), tie('anything'))
        .map(([a, op, b]) => `${a} ${op} ${b}`),
      path,
      path.map((p) => (p.includes('[') ? 'has(value.a)' : `has(${p})`)),
      fc
        .tuple(path, pick('startsWith', 'endsWith', 'contains'), textLiteral)
        .map(([p, f, t]) => `${p}.${f}(${t})`),
      fc
        .tuple(path, fc.array(fc.oneof(textLiteral, numberLiteral), { maxLength: 3 }))
        .map(([p, list]) => `${p} in [${list.join(', ')}]`),
      fc.tuple(tie('bool'), pick('&&', '||'), tie('bool')).map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('bool').map((a) => `!(${a})`),
    ),
    anything: fc.oneof(
      path,
      tie('number'),
      textLiteral,
      pick('true', 'false', 'null', 'key', 'value', 'size(value.text)'),
    ),
  }),
)

/** Seldom the names that JavaScript treats in its own way. */
const projectedName = fc.oneof(
  { arbitrary: pick(...FIELDS, 'x', 'other'), weight: 20 },
  { arbitrary: pick('1', '__proto__', 'quo"te', ''), weight: 1 },
)
const someNames = fc.uniqueArray(projectedName, { minLength: 1, maxLength: 4 })
const projection = fc.oneof(
  someNames.map((keep) => ({ keep })),
  someNames.map((drop) => ({ drop })),
  fc
    .uniqueArray(fc.tuple(projectedName, projectedName), {
      minLength: 1,
      maxLength: 3,
      selector: ([, newName]) => newName,
    })
    .map((names) => ({ rename: Object.fromEntries(names) })),
)

const aggregate = fc.oneof(
  pick('count()'),
  fc.tuple(pick('sum', 'min', 'max', 'avg'), number).map(([f, x]) => `${f}(${x})`),
)

/** Of records that come in no order within half an hour. */
const window = fc
  .tuple(
    pick(
      ...[{ tumbling: '1m' }, { tumbling: '10m' }, { tumbling: '20m' }],
      ...[
        { hopping: '10m', every: '4m' },
        { hopping: '20m', every: '30s' },
      ],
      { hopping: '1h', every: '7m' },
      ...[{ session: '5s' }, { session: '1m' }, { session: '5m' }],
    ),
    pick('0s', '5m', '30m', '2h'),
  )
  .map(([shape, grace]) => ({ ...shape, grace }))

const joinedAs = pick('row', 'other', 'a', 'x"y', '7')
const joinType = pick('Inner' as const, 'Left' as const)
const within = pick('1ms', '1m', '10m', '1h')

/** With rows of a table by key. */
const tableJoin = fc
  .record({ table: fc.constant('rows'), as: joinedAs, type: joinType })
  .map((join) => ({ join }))

/** With another stream by key. */
const streamJoin = fc
  .record({
    stream: fc.constant('others'),
    as: joinedAs,
    // Others than inner joins are interpreted.
    type: pick('Inner' as const, 'Inner' as const, 'Inner' as const, 'Left' as const),
    within,
    grace: pick('1ms', '10m'),
  })
  .map((join) => ({ join }))

const deduplicate = fc
  .record(
    { by: fc.oneof(path, number, pick('key')), within: pick('1m', '10m', '1h') },
    { requiredKeys: ['within'] },
  )
  .map(({ ...deduplicate }) => ({ deduplicate }))

const operation = fc.oneof(
  bool.map((filter) => ({ filter })),
  fc
    .dictionary(pick('a', 'b', 'text', 'flag', '2', '1'), fc.oneof(anything, bool), {
      minKeys: 1,
      maxKeys: 4,
    })
    .map((map) => ({ map: { ...map } })),
  fc.oneof(path, number, pick('key')).map((keyBy) => ({ keyBy })),
  projection.map((project) => ({ project })),
  fc
    .tuple(
      fc.dictionary(pick('a', 'b', 'text', '2', '1'), aggregate, { minKeys: 1, maxKeys: 3 }),
      pick('OnUpdate' as const, 'OnCommit' as const),
    )
    .map(([fields, emit]) => ({ groupBy: 'key', aggregate: { ...fields }, emit })),
  fc
    .tuple(
      fc.dictionary(pick('a', 'b', 'text', '2', '1'), aggregate, { minKeys: 1, maxKeys: 2 }),
      window,
      // A table of sessions says which are gone.
      pick({}, {}, { as: 'Table' as const }),
    )
    .map(([fields, window, as]) => ({ groupBy: 'key', aggregate: { ...fields }, window, ...as })),
  tableJoin,
  streamJoin,
  deduplicate,
)

const operations = fc.array(fc.tuple(operation, fc.nat()), { minLength: 1, maxLength: 5 })
/** Seldom others than text: most jobs read or choose a key, and only text is then fused. */
const keyFormats = fc.oneof(
  { arbitrary: pick<RecordFormat>('String'), weight: 7 },
  { arbitrary: pick<RecordFormat>('Bytes', 'Int'), weight: 1 },
)

/** A tree of steps; what each gives goes to a topic of its own. */
export const randomJob: fc.Arbitrary<JobSpec> = fc
  .tuple(operations, keyFormats, pick<RecordFormat>('Json', 'String'))
  .map(([operations, keyFormat, format]) => {
    const names = ['in']
    const steps = operations.map(([step, parent], index) => {
      const from = names[parent % names.length] ?? 'in'
      const name = `s${index}`
      names.push(name)
      return { name, from, ...step }
    })
    const outputs = names.map((from, index) => {
      const made = steps[index - 1]
      const output = { from, topic: `out-${index}`, keyFormat }
      if (made !== undefined && 'window' in made)
        return { ...output, format, windowedKey: index % 2 === 0 }
      return made !== undefined && MAKES_VALUES.some((operation) => operation in made)
        ? { ...output, format }
        : output
    })
    const inputs = [
      { name: 'in', topic: 'in', keyFormat },
      ...(steps.some(meets('table')) ? [{ ...ROWS, keyFormat }] : []),
      ...(steps.some(meets('stream')) ? [{ ...OTHERS, keyFormat }] : []),
    ]
    return { inputs, steps, outputs }
  })

const ROWS = { name: 'rows', topic: 'rows', as: 'Table' as const }
const OTHERS = { name: 'others', topic: 'others' }
const MAKES_VALUES = ['map', 'project', 'aggregate', 'join']

const meets = (what: string) => (step: object) => 'join' in step && what in (step.join as object)

/** Mostly what the fused path settles, or else few records would come through it. */
const spelling = fc.oneof(
  {
    arbitrary: pick(
      ...['0', '1', '-7', '42', '500', '501', '1.50', '12.5', '-0.0', '-0', '0.000001', '0.10'],
      ...['999999999999999', '4.35', '0.07', '123456.789', '2.0', '-30.250'],
    ),
    weight: 6,
  },
  {
    arbitrary: pick(
      ...['0.0000001', '1e3', '1E-2', '100000000000000000000', '123456789012345678'],
      ...['0.30000000000000004', '1.7976931348623157e308', '1e400', '0.1234567890'],
    ),
    weight: 1,
  },
)
const string = fc.oneof(
  {
    arbitrary: pick('"x"', '"card-1"', '""', '"ü"', '"😀 long enough for a vector"'),
    weight: 4,
  },
  {
    arbitrary: pick('"\\u0041"', '"quo\\"te"', '"a\\/b"', '"\\ud800"', '"\\b\\t\\n\\f\\r\\\\"'),
    weight: 1,
  },
  { arbitrary: fc.string({ maxLength: 20 }).map((text) => JSON.stringify(text)), weight: 1 },
)
const space = pick('', '', '', ' ', '\n', '\t ', '\r\n')

const memberName = fc.oneof(
  { arbitrary: pick(...FIELDS, 'x', 'y', 'z', 'other'), weight: 20 },
  { arbitrary: pick('\\u0061', '1', '20', '', '__proto__', 'toJSON'), weight: 1 },
)

const { json, object } = fc.letrec<{ json: string; object: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    spelling,
    string,
    pick('true', 'false', 'null', '[]', '{}'),
    fc.array(tie('json'), { maxLength: 3 }).map((items) => `[${items.join(' , ')}]`),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(memberName, tie('json'), space), {
      maxLength: 6,
    })
    .map((fields) => {
      const members = fields.map(([name, value, s]) => `${s}"${name}"${s}:${s}${value}${s}`)
      return `{${members.join(',')}}`
    }),
}))

/** What a value should look like: numbers, text and flags where the job expects them. */
const plain = fc
  .record({
    a: spelling,
    b: spelling,
    text: string,
    flag: pick('true', 'false'),
    deep: pick('{"x": 1, "y": {"z": "x"}}', '{"x": "card-1"}', '{}'),
    ü: string,
  })
  .map(
    (fields) =>
      `{${Object.entries(fields)
        .map(([name, value]) => `"${name}":${value}`)
        .join(',')}}`,
  )

const text = fc.oneof(
  { arbitrary: plain, weight: 6 },
  { arbitrary: fc.tuple(space, object, space).map((parts) => parts.join('')), weight: 3 },
  { arbitrary: json, weight: 1 },
)

/** A byte cut off, changed or put in. */
const damaged = fc
  .tuple(text, fc.nat(), fc.nat(255), pick('cut', 'change', 'insert'))
  .map(([value, place, byte, how]) => {
    const bytes = Buffer.from(value)
    const at = place % (bytes.length + 1)
    if (how === 'cut') return bytes.subarray(0, at)
    const rest = bytes.subarray(how === 'change' ? at + 1 : at)
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), rest])
  })

export interface RandomRecord {
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [string, Buffer | null])[]
}

export const randomRecord: fc.Arbitrary<RandomRecord> = fc.record({
  timestamp: fc.integer({ min: 1_699_999_000_000, max: 1_700_001_000_000 }),
  key: fc.oneof(
    fc.constant(null),
    // What meets something has the key of something.
    pick('card-1', 'x', 'ü').map((key) => Buffer.from(key)),
    fc.oneof(pick('card-1', 'x', '', 'ü', 'quo"te'), fc.string()).map((key) => Buffer.from(key)),
    pick(Buffer.from([0xff])),
  ),
  value: fc.oneof(
    { arbitrary: text.map((value) => Buffer.from(value)), weight: 12 },
    { arbitrary: damaged, weight: 3 },
    { arbitrary: fc.constant(null), weight: 1 },
  ),
  headers: fc.array(fc.tuple(pick('trace', 'ü'), pick(null, Buffer.from('abc'))), { maxLength: 2 }),
})
