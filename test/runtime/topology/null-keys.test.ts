import { expect } from 'chai'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'

const moved = { name: 'moved', from: 'in', keyBy: 'value.id', repartition: {} }
const later = { name: 'later', from: 'moved', filter: 'true' }

/** Whether records without key go through the topic of `moved`. */
const cases: readonly (readonly [string, readonly object[], boolean])[] = [
  ['nothing that wants them', [moved, later], false],
  [
    'an inner join with a table',
    [moved, later, { name: 'end', from: 'later', join: { table: 'rows', as: 'row' } }],
    false,
  ],
  [
    'a left join with a table',
    [
      moved,
      later,
      { name: 'end', from: 'later', join: { table: 'rows', as: 'row', type: 'Left' } },
    ],
    true,
  ],
  [
    'a left join with a global table',
    [moved, { name: 'end', from: 'moved', join: { table: 'all', as: 'row', type: 'Left' } }],
    true,
  ],
  [
    'the other side of an outer join of streams',
    [
      moved,
      {
        name: 'end',
        from: 'in',
        join: { stream: 'moved', by: 'key', within: '1s', as: 'it', type: 'Outer' },
      },
    ],
    true,
  ],
]

describe('runtime/topology/null-keys', () => {
  for (const [what, steps, keeps] of cases) {
    it(`are ${keeps ? 'kept' : 'dropped'} in a repartition topic before ${what}`, () => {
      const { topology, problems } = topologyFromSteps(
        runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
          inputs: [
            { name: 'in', topic: 'in' },
            { name: 'rows', topic: 'rows', as: 'Table' },
            { name: 'all', topic: 'all', as: 'GlobalTable' },
          ],
          steps,
          outputs: [{ from: (steps.at(-1) as { name: string }).name, topic: 'out' }],
        }),
      )
      expect(problems).to.deep.equal([])
      const exits = subTopologiesOf(topology, 'app').flatMap((one) => one.exits)
      const exit = exits.find(({ stem }) => stem === 'moved')
      expect(exit?.keepsNullKeys).to.equal(keeps)
    })
  }
})
