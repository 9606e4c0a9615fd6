import type { RuntimeConfigInput } from '../../runtime/config.ts'
import type { SourceName, SourceRecord } from './sources.ts'

/** Topics of one run. */
export interface RunTopics {
  readonly input: string
  /** What the job reads as well; empty where it reads one topic. */
  readonly beside: string
  /** Where records meet their new key; a topic of its own, made by the bench. */
  readonly through: string
  readonly outputs: readonly string[]
}

export type Job = Pick<RuntimeConfigInput, 'inputs' | 'steps' | 'outputs'>

/** One job that both sides run: here as a Millrace user writes it, in `java/` as a Kafka Streams user does. */
export interface BenchTopology {
  readonly name: string
  /** What it does, for the report. */
  readonly does: string
  readonly outputs: number
  /** What it reads: payments, unless it says. */
  readonly input?: SourceName
  readonly beside?: SourceName
  /** Whether it has a second stage, behind a topic of its own. */
  readonly twoStages?: true
  /** Whether the record comes out, once. Unset where that depends on others: progress is then what is committed. */
  readonly keeps?: (record: SourceRecord) => boolean
  /** Unset: records, all of which count. Of updates the last of each key does: a cache may leave out others. */
  readonly gives?: 'updates'
  readonly job: (topics: RunTopics) => Job
}

type Step = NonNullable<Job['steps']>[number]

/** A job of one step, from one topic to one. */
export const oneStep =
  (
    step: Omit<Step, 'name' | 'from'>,
    output: { readonly windowedKey?: true } = {},
  ): BenchTopology['job'] =>
  ({ input, outputs: [topic = ''] }) => ({
    inputs: [{ name: 'payments', topic: input }],
    steps: [{ name: 'step', from: 'payments', ...step }],
    outputs: [{ from: 'step', topic, ...output }],
  })

/** The same with another topic beside the payments. */
export const joined =
  (
    beside: { readonly name: string; readonly as?: 'Table' },
    join: NonNullable<Step['join']>,
  ): BenchTopology['job'] =>
  ({ input, beside: topic, outputs: [output = ''] }) => ({
    inputs: [
      { name: 'payments', topic: input },
      { ...beside, topic },
    ],
    steps: [{ name: 'step', from: 'payments', join }],
    outputs: [{ from: 'step', topic: output }],
  })
