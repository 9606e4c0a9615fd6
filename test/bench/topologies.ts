import type { RuntimeConfigInput } from '../../runtime/config.ts'
import { type Payment, REGIONS } from './payments.ts'

/** Topics of one run. */
export interface RunTopics {
  readonly input: string
  /** Where records meet their new key; a topic of its own, made by the bench. */
  readonly through: string
  readonly outputs: readonly string[]
}

type Job = Pick<RuntimeConfigInput, 'inputs' | 'steps' | 'outputs'>

/** One job that both sides run: here as a Millrace user writes it, in `java/` as a Kafka Streams user does. */
export interface BenchTopology {
  readonly name: string
  /** What it does, for the report. */
  readonly does: string
  readonly outputs: number
  /** Whether it has a second stage, behind a topic of its own. */
  readonly twoStages?: true
  /** Whether the record comes out, once. */
  readonly keeps: (payment: Payment) => boolean
  readonly job: (topics: RunTopics) => Job
}

const always = () => true

/** A job of one step, from one topic to one. */
const oneStep =
  (step: Omit<NonNullable<Job['steps']>[number], 'name' | 'from'>): BenchTopology['job'] =>
  ({ input, outputs: [topic = ''] }) => ({
    inputs: [{ name: 'payments', topic: input }],
    steps: [{ name: 'step', from: 'payments', ...step }],
    outputs: [{ from: 'step', topic }],
  })

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
    keeps: ({ amount }) => amount > 500,
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
  const found = topologies.find((topology) => topology.name === name)
  if (found === undefined) throw new Error(`there is no topology "${name}"`)
  return found
}
