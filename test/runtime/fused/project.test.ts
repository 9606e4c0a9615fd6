import { expect } from 'chai'
import { RecordBatch, valueAt } from '../../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import type { StepConfig } from '../../../runtime/config.ts'
import { fuse } from '../../../runtime/fused/fuse.ts'
import { subTopologyOf } from './equivalence.ts'

type Step = Partial<StepConfig>

const drop: Step = { project: { drop: ['a'] } }
const keep: Step = { project: { keep: ['b', 'a'] } }
const rename: Step = { project: { rename: { a: 'c' } } }
const back: Step = { project: { rename: { c: 'a' } } }

/** That the results are the interpreter's is for the random jobs to show; here is what does not need it. */
const settled: readonly (readonly [does: string, steps: Step[], value: string, result: string])[] =
  [
    ['keeps fields in their order', [keep], '{"a":1,"x":2,"b":"y"}', '{"a":1,"b":"y"}'],
    ['keeps nothing of what is not there', [keep], '{"x":2}', '{}'],
    ['copies what it does not name', [drop], '{"x":[1,{"y":null}],"a":1}', '{"x":[1,{"y":null}]}'],
    ['renames in place', [rename], '{"x":1,"a":2,"y":3}', '{"x":1,"c":2,"y":3}'],
    ['leaves the spaces out', [drop], ' { "x" : [ 1 , { } ] } ', '{"x":[1,{}]}'],
    ['shortens numbers', [drop], '{"x":[1.50,-0,2.0]}', '{"x":[1.5,0,2]}'],
    ['copies escapes', [drop], '{"x":"a\\n\\"b\\\\"}', '{"x":"a\\n\\"b\\\\"}'],
    ['does not care for what goes', [drop], '{"a":1e3,"x":1,"a":"\\u0041"}', '{"x":1}'],
    ['projects what is projected', [rename, keep, drop], '{"a":1,"b":2}', '{"b":2}'],
    ['computes on it', [rename, { map: { d: 'value.c + 1' } }], '{"a":1}', '{"d":2}'],
  ]

const inDoubt: readonly (readonly [does: string, steps: Step[], value: string])[] = [
  ['a name twice', [drop], '{"x":1,"x":2}'],
  ['a name twice, further in', [drop], '{"x":[{"y":1,"y":2}]}'],
  ['a name that another takes', [rename], '{"a":1,"c":2}'],
  ['a name that another would take', [rename, back, { filter: 'has(value.a)' }], '{"c":2}'],
  ['names of digits', [drop], '{"x":1,"0":2}'],
  ['names with escapes', [drop], '{"\\u0061":1}'],
  ['escapes that JavaScript may write otherwise', [drop], '{"x":"\\/"}'],
  ['numbers with an exponent', [drop], '{"x":1e3}'],
  ['what is no object', [drop], '[1]'],
  ['what is no JSON', [drop], '{"x":tru}'],
]

describe('runtime/fused: project', () => {
  for (const [does, steps, value, result] of settled) {
    it(`${does}`, () => {
      expect(outcome(steps, value)).to.deep.equal({ interpreted: 0, written: [result] })
    })
  }

  for (const [what, steps, value] of inDoubt) {
    it(`leaves to the interpreter ${what}`, () => {
      expect(outcome(steps, value)).to.deep.equal({ interpreted: 1, written: [] })
    })
  }
})

const keepsNothing = () => {
  throw new Error('a projection keeps nothing')
}

function outcome(steps: readonly Step[], value: string) {
  const out = new RecordBatchBuilder()
  let interpreted = 0
  programOf(steps)?.run(batchOf(value), {
    from: { topic: 'in', partition: 0 },
    position: 0,
    interpret: () => interpreted++,
    store: keepsNothing,
    table: keepsNothing,
    log: keepsNothing,
    streamTime: keepsNothing,
    timePassed: keepsNothing,
    entered: () => undefined,
    sink: {
      openBatch: () => out,
      append: (_, records) => out.appendEncoded(records),
      forward: () => false,
      nextPartition: () => 0,
    },
  })
  return { interpreted, written: valuesIn(out) }
}

function programOf(steps: readonly Step[]) {
  const [subTopology] = subTopologyOf({
    inputs: [{ name: 's0', topic: 'in' }],
    steps: steps.map((step, n) => ({ name: `s${n + 1}`, from: `s${n}`, ...step })),
    outputs: [{ from: `s${steps.length}`, topic: 'out' }],
  })
  return subTopology && fuse(subTopology, 'test.job', () => 1)?.get('in')
}

function valuesIn(builder: RecordBatchBuilder) {
  if (builder.count === 0) return []
  const columns = new RecordBatch(builder.build()).columns()
  return Array.from({ length: columns.count }, (_, index) => valueAt(columns, index)?.toString())
}

function batchOf(value: string): RecordBatch {
  const builder = new RecordBatchBuilder()
  builder.append(0, null, Buffer.from(value))
  return new RecordBatch(builder.build())
}
