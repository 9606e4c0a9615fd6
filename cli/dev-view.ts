import { setTimeout as delay } from 'node:timers/promises'
import { type StreamJob, type Topic, topicsOfOutput } from '../crds/index.ts'
import type { Snapshot } from '../dashboard/snapshot.ts'
import { kinds } from '../operator/kube/kinds.ts'
import type { Kube } from '../operator/kube/kube.ts'
import type { LocalPods } from '../operator/local/local-pods.ts'
import type { Pod } from '../operator/streamjob/workload.ts'
import type { TailRecord, TopicTail } from './topic-tail.ts'

export interface DevViewOptions {
  readonly kube: Kube
  readonly pods: LocalPods
  readonly tail: TopicTail
}

const READ_MS = 250
const MAX_RECENT = 50
/** A person reads no faster; what is left out is counted. */
const MAX_LINES_A_ROUND = 4

/** What dev mode shows: the state of each job when it changes, and records of output topics as they come. */
export class DevView {
  readonly #options: DevViewOptions
  readonly #lastLines = new Map<string, string>()
  #recent: TailRecord[] = []

  constructor(options: DevViewOptions) {
    this.#options = options
  }

  announce(kafka: string, url: string | undefined): void {
    print(`millrace dev on ${kafka}`)
    if (url !== undefined) print(`page  ${url}`)
    print('stop  Ctrl-C\n')
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#showJobs()
      await this.#showRecords()
      // An idle fetcher answers at once; a person needs no more than this.
      await delay(READ_MS)
    }
  }

  async snapshot(): Promise<Snapshot> {
    const { kube, pods } = this.#options
    const [jobs, topics, podList] = await Promise.all([
      kube.list<StreamJob>(kinds.streamJob),
      kube.list<Topic>(kinds.topic),
      kube.list<Pod>(kinds.pod),
    ])
    return {
      jobs: jobs.items.map((job) => ({
        job,
        instances: podList.items
          .filter(({ metadata }) => metadata.labels?.['millrace.dev/job'] === job.metadata.name)
          .map((pod) => ({ pod: pod.metadata.name, status: pods.programOf(pod)?.status() })),
      })),
      topics: topics.items,
      records: this.#recent,
    }
  }

  async #showJobs(): Promise<void> {
    const { items } = await this.#options.kube.list<StreamJob>(kinds.streamJob)
    for (const job of items) {
      const line = jobLine(job)
      if (this.#lastLines.get(job.metadata.name) !== line) print(line)
      this.#lastLines.set(job.metadata.name, line)
      await this.#follow(job)
    }
  }

  async #follow({ spec, status }: StreamJob): Promise<void> {
    for (const topic of spec.outputs.flatMap(topicsOfOutput)) await this.#options.tail.follow(topic)
    if (spec.onError !== 'DeadLetter' || status?.applicationId === undefined) return
    await this.#options.tail.follow(spec.deadLetterTopic ?? `${status.applicationId}-dead-letters`)
  }

  async #showRecords(): Promise<void> {
    const records = await this.#options.tail.read(0)
    this.#recent = [...records.toReversed(), ...this.#recent].slice(0, MAX_RECENT)
    for (const record of records.slice(0, MAX_LINES_A_ROUND)) print(recordLine(record))
    const left = records.length - MAX_LINES_A_ROUND
    if (left > 0) print(`… and ${left} more`)
  }
}

function jobLine({ metadata, status = {} }: StreamJob): string {
  const { phase = 'Pending', tasks, conditions = [] } = status
  const ready = conditions.find(({ type }) => type === 'Ready')
  const progress = phase === 'Running' && tasks !== undefined ? `  tasks ${tasks}` : ''
  const why = ready === undefined || ready.status === 'True' ? '' : `  ${ready.message}`
  return `● ${metadata.name}  ${phase}${progress}${why}`
}

function recordLine({ topic, partition, offset, key, value, headers }: TailRecord): string {
  const reason = headers['millrace.reason']
  if (reason === undefined) return `  ${topic}  ${key ?? 'null'}  ${value ?? 'null'}`
  const { 'millrace.message': message = '' } = headers
  return `! ${topic}-${partition}@${offset}  ${reason}: ${message}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
