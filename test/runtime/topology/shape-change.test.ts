import { expect } from 'chai'
import { type RuntimeConfigInput, runtimeConfigSchema } from '../../../runtime/config.ts'
import { bind } from '../../../runtime/dsl/bind.ts'
import { job, keyValueStore, type Stream, stream, windowStore } from '../../../runtime/index.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { classifyChange, type Verdict } from '../../../runtime/topology/shape-change.ts'
import {
  fingerprintOf,
  shapeOf,
  type TopologyShape,
} from '../../../runtime/topology/topology-shape.ts'

type Steps = NonNullable<RuntimeConfigInput['steps']>
type Inputs = RuntimeConfigInput['inputs']

const parsed = (steps: Steps | undefined, inputs: Inputs = [{ name: 'in', topic: 'payments' }]) =>
  runtimeConfigSchema
    .pick({ inputs: true, steps: true, outputs: true })
    .parse({ inputs, steps, outputs: [] })

const ofSteps = (steps: Steps, inputs?: Inputs): TopologyShape =>
  shapeOf(topologyFromSteps(parsed(steps, inputs)).topology)

const ofCode = (write: (input: Stream<number>) => Stream<unknown>): TopologyShape =>
  shapeOf(bind(job(write(stream<number>('in')).to('out')), parsed(undefined)))

const totals = {
  name: 'totals',
  from: 'in',
  groupBy: 'value.card',
  aggregate: { total: 'sum(value.amount)' },
}

interface Row {
  readonly change: string
  readonly before: TopologyShape
  readonly after: TopologyShape
  readonly is: Verdict
  /** Of all reasons, in order. */
  readonly because: readonly RegExp[]
}

const before = ofSteps([totals])

const keeping = (settings: Parameters<typeof windowStore>[0]) =>
  ofCode((input) =>
    input.process('p', {
      stores: { w: windowStore<number>(settings) },
      create: () => ({ process: () => undefined }),
    }),
  )
const remembering = (settings: Parameters<typeof keyValueStore>[0] = {}) =>
  ofCode((input) =>
    input.process('p', {
      stores: { w: keyValueStore<number>(settings) },
      create: () => ({ process: () => undefined }),
    }),
  )

const rows: readonly Row[] = [
  { change: 'no change', before, after: before, is: 'InPlace', because: [] },
  {
    change: 'a filter and a map that keep no state',
    before,
    after: ofSteps([
      { name: 'large', from: 'in', filter: 'value.amount > 5' },
      { name: 'slim', from: 'large', map: { card: 'value.card', amount: 'value.amount' } },
      { ...totals, from: 'slim' },
    ]),
    is: 'InPlace',
    because: [],
  },
  {
    change: 'a step that is new',
    before,
    after: ofSteps([totals, { ...totals, name: 'more' }]),
    is: 'InPlace',
    because: [/^more is new: it begins empty, with the records from now on$/],
  },
  {
    change: 'a step that bears another name',
    before,
    after: ofSteps([{ ...totals, name: 'sums' }]),
    is: 'LosesState',
    because: [
      /^totals is gone, .* Is "sums" its new name\? State is found by its name: call it "totals" again$/,
      /^sums is new/,
    ],
  },
  {
    change: 'a step that bears a name much like its own and does something else, too',
    before,
    after: ofSteps([{ ...totals, name: 'total', aggregate: { n: 'count()' } }]),
    is: 'LosesState',
    because: [/Is "total" its new name\?/, /^total is new/],
  },
  {
    change: 'a step that is gone',
    before: ofSteps([totals, { ...totals, name: 'more' }]),
    after: before,
    is: 'LosesState',
    because: [/^more is gone, and with it all that it kept\.$/],
  },
  {
    change: 'other fields of an aggregate',
    before,
    after: ofSteps([{ ...totals, aggregate: { ...totals.aggregate, n: 'count()' } }]),
    is: 'NeedsRebuild',
    because: [
      /^totals what it computes was total: sum\(value\.amount\) and is now total: sum\(value\.amount\), n: count\(\): what it has kept so far was made the old way$/,
    ],
  },
  {
    change: 'another key',
    before,
    after: ofSteps([{ ...totals, groupBy: 'value.customer' }]),
    is: 'NeedsRebuild',
    because: [/^totals the choice of its keys was value\.card and is now value\.customer/],
  },
  {
    change: 'another topic',
    before,
    after: ofSteps([totals], [{ name: 'in', topic: 'payments-v2' }]),
    is: 'NeedsRebuild',
    because: [/^totals what it reads was payments and is now payments-v2/],
  },
  {
    change: 'keys that are read another way',
    before: ofSteps([{ ...totals, groupBy: 'key' }]),
    after: ofSteps(
      [{ ...totals, groupBy: 'key' }],
      [{ name: 'in', topic: 'payments', keyFormat: 'Long' }],
    ),
    is: 'NeedsRebuild',
    because: [/the key of payments \(String\) and is now the key of payments \(Long\)/],
  },
  {
    change: 'a repartition topic that is gone',
    before: ofSteps([
      { name: 'spread', from: 'in', repartition: {} },
      { ...totals, groupBy: 'key', from: 'spread' },
    ]),
    after: ofSteps([{ ...totals, groupBy: 'key' }]),
    is: 'LosesState',
    because: [
      /^spread has no repartition topic any more: records on their way through it are lost$/,
    ],
  },
  {
    change: 'other partitions of a repartition topic',
    before: ofSteps([{ name: 'spread', from: 'in', repartition: { partitions: 4 } }]),
    after: ofSteps([{ name: 'spread', from: 'in', repartition: { partitions: 8 } }]),
    is: 'LosesState',
    because: [/^spread the partitions of its repartition topic was 4 and is now 8: keys and state/],
  },
  {
    change: 'another retention',
    before: keeping({ retention: '1h' }),
    after: keeping({ retention: '2h' }),
    is: 'InPlace',
    because: [/^p\.w keeps 7200000 ms, where it kept 3600000 ms$/],
  },
  {
    change: 'a longer history',
    before: ofSteps([], [{ name: 'in', topic: 'rates', as: 'Table', history: '1h' }]),
    after: ofSteps([], [{ name: 'in', topic: 'rates', as: 'Table', history: '2h' }]),
    is: 'InPlace',
    because: [/^in keeps 7200000 ms, where it kept 3600000 ms$/],
  },
  {
    change: 'duplicates that are kept',
    before: keeping({ retention: '1h' }),
    after: keeping({ retention: '1h', duplicates: true }),
    is: 'LosesState',
    because: [
      /^p\.w whether it keeps duplicates was false and is now true: its changelog cannot be/,
    ],
  },
  {
    change: 'another layout',
    before: remembering(),
    after: keeping({ retention: '1h' }),
    is: 'LosesState',
    because: [/^p\.w its layout was key-value and is now window/],
  },
  {
    change: 'another format',
    before: remembering(),
    after: remembering({ format: 'String' }),
    is: 'LosesState',
    because: [/^p\.w the format of its values was Json and is now String/],
  },
  {
    change: 'a changelog that is given up',
    before: remembering(),
    after: remembering({ changelog: false }),
    is: 'LosesState',
    because: [/^p\.w has no changelog any more/],
  },
  {
    change: 'a changelog where there was none',
    before: remembering({ changelog: false }),
    after: remembering({ format: 'String' }),
    is: 'InPlace',
    because: [],
  },
]

describe('a change of a job', () => {
  for (const { change, before: was, after: is, is: verdict, because } of rows) {
    it(`is ${verdict} with ${change}`, () => {
      const { verdict: found, reasons } = classifyChange(was, is)
      const texts = reasons.map(({ subject, message }) => `${subject} ${message}`)
      expect(texts).to.have.length(because.length)
      because.forEach((pattern, index) => expect(texts[index]).to.match(pattern))
      expect(found).to.equal(verdict)
    })
  }

  it('gives another fingerprint exactly where something is to be said about it', () => {
    for (const { change, before: was, after: is, because } of rows) {
      if (change === 'a changelog where there was none') continue
      const same = fingerprintOf(was) === fingerprintOf(is)
      expect(same, change).to.equal(because.length === 0)
    }
  })

  it('is judged by the shape alone, which survives being written as JSON', () => {
    const again = JSON.parse(JSON.stringify(before)) as TopologyShape
    expect(fingerprintOf(again)).to.equal(fingerprintOf(before))
    expect(before.stores).to.deep.equal([
      {
        name: 'totals',
        layout: 'key-value',
        format: 'Json',
        changelog: true,
        node: { kind: 'aggregate', label: 'total: sum(value.amount)' },
        keys: ['value.card'],
        topics: ['payments'],
      },
    ])
    expect(before.repartitions).to.deep.equal([{ name: 'totals' }])
  })
})
