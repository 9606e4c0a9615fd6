import type { BenchTopics } from './topics.ts'

/** How far a run is, in records of its input. */
export interface Progress {
  /** Those that have left the first stage of the job. */
  readonly started: number
  /** Those that have left its last stage; the same where there is only one. */
  readonly finished: number
}

/** Where progress is read. */
export interface Gauge {
  readonly read: () => Promise<Progress>
  /** It moves with the commits of the job alone: rates are taken from one commit to another. */
  readonly inSteps: boolean
}

interface Written {
  readonly topics: BenchTopics
  /** The topic between the two stages of the job, if it has two. */
  readonly through?: string
  readonly outputs: readonly string[]
  readonly expectedOutputs: number
  readonly inputRecords: number
}

/** By the ends of the topics that the job writes: unlike committed offsets they move with every batch. */
export const byOutputs = (run: Written): Gauge => ({
  inSteps: false,
  async read() {
    const { topics, outputs, through, inputRecords, expectedOutputs } = run
    // In this order the last sample is exactly the number of input records.
    const finished = ((await topics.records(outputs)) * inputRecords) / expectedOutputs
    const started = through === undefined ? finished : await topics.records([through])
    return { started, finished }
  },
})

interface Committing {
  readonly topics: BenchTopics
  readonly groupId: string
  readonly input: string
}

/** By what the job has committed, where nobody can say how many records come out of those that went in. */
export const byCommits = ({ topics, groupId, input }: Committing): Gauge => ({
  inSteps: true,
  async read() {
    const committed = await topics.committed(groupId, input)
    return { started: committed, finished: committed }
  },
})
