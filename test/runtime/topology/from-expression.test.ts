import { expect } from 'chai'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import type { RecordFunction, ValueMapper } from '../../../runtime/topology/nodes.ts'

const rows = [
  ['filter', { filter: 'value.n > 1' }, 'filter.predicate: value.n > 1'],
  ['filterNot', { filterNot: 'value.n > 1' }, 'filter-not.predicate: value.n > 1'],
  ['flatMap', { flatMap: 'value.items' }, 'flat-map-values.mapper: value.items'],
  ['keyBy', { keyBy: 'value.card' }, 'select-key.selector: value.card'],
  [
    'groupBy',
    { groupBy: 'value.card', aggregate: { n: 'count()' } },
    'select-key.selector: value.card',
  ],
  ['a branch', { branches: [{ name: 'x', when: 'value.a' }, { name: 'y' }] }, 'split.x: value.a'],
  ['map', { map: { b: 'value.n', a: 'key' } }, 'map-values.mapper: b = value.n, a = key'],
  ['topicFrom', { keyBy: 'key' }, 'dynamic-sink.topicOf: value.topic'],
] as const

describe('functions that come from expressions', () => {
  for (const [title, fields, expected] of rows) {
    it(`show the expression of ${title}`, () => {
      expect(expressionsOf({ name: 'x', from: 'in', ...fields })).to.include(expected)
    })
  }
})

/** Each function of each node that shows what it was made of. */
function expressionsOf(step: object): readonly string[] {
  const { topology } = topologyFromSteps(
    runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
      inputs: [{ name: 'in', topic: 'in' }],
      steps: [step],
      outputs: [{ from: 'in', topicFrom: 'value.topic', topics: ['a'] }],
    }),
  )
  return topology.nodes.flatMap((node) => {
    const branches =
      node.kind === 'split'
        ? node.branches.map(({ node: name, predicate }) => [name.split('.')[1], predicate] as const)
        : []
    return [...Object.entries(node), ...branches].flatMap(([field, made]) => {
      const { expression, fields } = (made ?? {}) as RecordFunction<unknown> & ValueMapper
      const text =
        expression?.source ?? fields?.map(([name, one]) => `${name} = ${one.source}`).join(', ')
      return text === undefined ? [] : [`${node.kind}.${field}: ${text}`]
    })
  })
}
