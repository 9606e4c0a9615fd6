import { REGIONS } from './payments.ts'
import { stateTopologies } from './state-topologies.ts'
import { type BenchTopology, oneStep } from './topology.ts'

const always = () => true

/** Those without state. */
export const topologies: readonly BenchTopology[] = [
  {
    name: 'pass-through',
    does: 'topic to topic, values unread',
    outputs: 1,
    keeps: always,
    job: ({ input, outputs: [topic = ''] }) => ({
      inputs: [{ name: 'payments', topic: input }],
      steps: [],
      outputs: [{ from: 'payments', topic }],
    }),
  },
  {
    name: 'filter',
    does: '`amount > 500`, about half of the records',
    outputs: 1,
    keeps: ({ amount = 0 }) => amount > 500,
    job: oneStep({ filter: 'value.amount > 500' }),
  },
  {
    name: 'projection',
    does: 'to the fields `id`, `card`, `amount`',
    outputs: 1,
    keeps: always,
    job: oneStep({ map: { id: 'value.id', card: 'value.card', amount: 'value.amount' } }),
  },
  {
    name: 'map',
    does: '`id`, `card`, `cents: amount * 100`, `fee: amount * 0.02`',
    outputs: 1,
    keeps: always,
    job: oneStep({
      map: {
        id: 'value.id',
        card: 'value.card',
        cents: 'value.amount * 100',
        fee: 'value.amount * 0.02',
      },
    }),
  },
  {
    name: 'branch',
    does: 'to four topics by `region`',
    outputs: REGIONS.length,
    keeps: always,
    job: ({ input, outputs }) => ({
      inputs: [{ name: 'payments', topic: input }],
      steps: REGIONS.map((region) => ({
        name: region,
        from: 'payments',
        filter: `value.region == "${region}"`,
      })),
      outputs: REGIONS.map((from, index) => ({ from, topic: outputs[index] ?? '' })),
    }),
  },
  {
    name: 'rekey',
    does: 'key by `card` through a topic, then out',
    outputs: 1,
    twoStages: true,
    keeps: always,
    job: ({ input, through, outputs: [topic = ''] }) => ({
      inputs: [
        { name: 'payments', topic: input },
        { name: 'keyed', topic: through },
      ],
      steps: [{ name: 'by-card', from: 'payments', keyBy: 'value.card' }],
      outputs: [
        { from: 'by-card', topic: through },
        { from: 'keyed', topic },
      ],
    }),
  },
]

export const topologyOf = (name: string): BenchTopology => {
  const found = [...topologies, ...stateTopologies].find((topology) => topology.name === name)
  if (found === undefined) throw new Error(`there is no topology "${name}"`)
  return found
}
