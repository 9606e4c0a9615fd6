import { expect } from 'chai'
import type { RuntimeConfigInput } from '../../runtime/config.ts'
import type { JavaClients, TextRecord } from '../kafka/java-clients.ts'
import type { RunningKafka } from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'
import { type InstanceOptions, InstanceProcess } from '../support/instance-process.ts'
import { JobUnderFaults } from './job-under-faults.ts'

export const PARTITIONS = 6
export const SESSION_MS = 6000
/** For what takes as long as it takes on a busy machine. */
export const SLOW = { timeoutMs: 90_000, everyMs: 200 } as const

const GROUPS = 50
const SHOWN_CHARS = 4000
/** Of the 30 s that Kubernetes gives. */
const END_MS = 20_000

export type JobChange = Partial<RuntimeConfigInput>
type PodOptions = Omit<InstanceOptions, 'instanceId'>
type Counts = ReadonlyMap<string, number>

/**
 * A job that counts records by group, as processes that come and go, and what must be true of it in the end: each record came
 * out once and in the order of its key, each count once and in order, and state is what it comes to when all is counted anew.
 */
export class StatefulJob {
  readonly traffic: JobUnderFaults
  readonly totals: string
  readonly changelog: string
  readonly repartition: string
  readonly #java: JavaClients
  readonly #spec: JobChange
  readonly #pods = new Map<string, InstanceProcess>()
  readonly #started: InstanceProcess[] = []

  constructor(
    kafka: Pick<RunningKafka, 'bootstrapServers'>,
    java: JavaClients,
    spec: JobChange = {},
  ) {
    this.traffic = new JobUnderFaults(kafka)
    this.totals = `totals-${this.traffic.clientId}`
    this.changelog = `${this.traffic.clientId}-counts-changelog`
    this.repartition = `${this.traffic.clientId}-counts-repartition`
    this.#java = java
    this.#spec = spec
  }

  async createTopics(...others: readonly string[]): Promise<void> {
    await this.traffic.createTopics(this.totals, ...others)
  }

  async start(
    pod: string,
    change: JobChange = {},
    options: PodOptions = {},
  ): Promise<InstanceProcess> {
    const config = this.traffic.config({ ...this.#base, ...this.#spec, ...change })
    const given = options.code === undefined ? config : withoutSteps(config)
    const instance = await InstanceProcess.start(given, { ...options, instanceId: pod })
    this.#pods.set(pod, instance)
    this.#started.push(instance)
    return instance
  }

  /** Throws where none of that name was started. The latest is it. */
  pod(name: string): InstanceProcess {
    const pod = this.#pods.get(name)
    if (pod === undefined) throw new Error(`${name} was never started`)
    return pod
  }

  /** The latest of each name. */
  get pods(): readonly (readonly [name: string, pod: InstanceProcess])[] {
    return [...this.#pods]
  }

  /** How many tasks of the pod are at work. */
  async tasksOf(name: string): Promise<number> {
    const { tasks } = await this.pod(name).status()
    return tasks.filter(({ state }) => state === 'Running').length
  }

  /** Waits until so many are; both sub-topologies have one for each partition. */
  async untilAtWork(name: string, tasks: number): Promise<void> {
    await eventually(async () => expect(await this.tasksOf(name)).to.equal(tasks), SLOW)
  }

  /** As Kubernetes ends it, with its exit code. Throws when that takes long. */
  async end(name: string): Promise<number | NodeJS.Signals | null> {
    const pod = this.pod(name)
    const begun = performance.now()
    pod.signal('SIGTERM')
    const code = await pod.ended()
    expect(performance.now() - begun, 'ms until the end').to.be.below(END_MS)
    return code
  }

  /** Kills what is left; `show`, after a failure, what pods have said last. */
  async stop({ show = false } = {}): Promise<void> {
    if (show)
      for (const [name, { log }] of this.#pods) console.log(`${name}:\n${log.slice(-SHOWN_CHARS)}`)
    for (const pod of this.#started) pod.signal('SIGCONT')
    await Promise.all(this.#started.map((pod) => pod.kill()))
    await this.traffic.stop()
  }

  /** Ends the feed and waits until all is done; by our own reader and by Kafka's Java consumer. */
  async expectOnce(): Promise<void> {
    const { records, duplicates } = await this.traffic.settle()
    expect(duplicates, 'records that came twice').to.equal(0)
    const expected = recounted(records)
    await this.#untilDone((latest) => expect(latest).to.deep.equal(expected))
    expectInTurn(await this.#texts(this.traffic.output), records)
    for (const [group, counts] of countsByGroup(await this.#texts(this.totals)))
      if (counts.length !== expected.get(group) || counts.some((n, index) => n !== index + 1))
        throw new Error(`counts of ${group} are not 1 to ${expected.get(group)}: ${counts.join()}`)
  }

  /** The same under AtLeastOnce, where records may come and count more than once. */
  async expectNothingLost(): Promise<void> {
    const { records } = await this.traffic.settle()
    const expected = recounted(records)
    const atLeast = (counts: Counts) => {
      for (const [group, n] of expected) expect(counts.get(group), group).to.be.at.least(n)
    }
    await this.#untilDone(atLeast)
    const counts = countsByGroup(await this.#texts(this.totals))
    atLeast(new Map([...counts].map(([group, list]) => [group, list.at(-1) ?? 0])))
  }

  /** A change that writes some of the records to one more topic. */
  withBranch(filter: string, topic: string): JobChange {
    const { steps = [], outputs = [] } = this.#base
    return {
      steps: [...steps, { name: 'branch', from: 'all', filter }],
      outputs: [...outputs, { from: 'branch', topic }],
    }
  }

  /** A change of the step that counts. */
  counting(change: object): JobChange {
    const { steps = [] } = this.#base
    return { steps: steps.map((step) => (step.name === 'counts' ? { ...step, ...change } : step)) }
  }

  get #base(): JobChange {
    return {
      guarantee: 'ExactlyOnce',
      commitIntervalMs: 100,
      sessionTimeoutMs: SESSION_MS,
      steps: [
        { name: 'all', from: 'in', filter: 'value.id >= 0' },
        {
          ...{ name: 'counts', from: 'all', aggregate: { n: 'count()' } },
          groupBy: `key + " " + string(value.id % ${GROUPS})`,
        },
      ],
      outputs: [
        { from: 'all', topic: this.traffic.output },
        { from: 'counts', topic: this.totals },
      ],
    }
  }

  /** Waits until `check` takes the latest counts of all groups, as they came out and as they are kept, and all is committed. */
  async #untilDone(check: (latest: Counts) => void): Promise<void> {
    for (const topic of [this.totals, this.changelog]) {
      const { records, poll } = this.traffic.readAll(topic, PARTITIONS)
      const latest = new Map<string, number>()
      await eventually(async () => {
        await poll()
        for (const { key, value } of records.splice(0)) latest.set(key ?? '', countIn(value))
        check(latest)
      }, SLOW)
    }
    const topics = [this.traffic.output, this.totals, this.changelog]
    await eventually(() => this.traffic.expectAtRest(...topics), SLOW)
  }

  async #texts(topic: string): Promise<readonly TextRecord[]> {
    const texts: TextRecord[] = []
    for (let partition = 0; partition < PARTITIONS; partition++)
      for (const record of await this.#java.texts(topic, partition)) texts.push(record)
    return texts
  }
}

/** A TypeScript job says itself what its steps and outputs are. */
const withoutSteps = ({ steps: _, outputs: __, ...config }: RuntimeConfigInput) => config

const keyOf = (id: number): string => `k${id % PARTITIONS}`

/** As a step of YAML writes it, or TypeScript. */
function countIn(value: string | null): number {
  const count = JSON.parse(value ?? '0') as number | { readonly n: number }
  return typeof count === 'number' ? count : count.n
}

/** What the job is to make of ids from 0 on, worked out here. */
function recounted(records: number): Counts {
  const counts = new Map<string, number>()
  for (let id = 0; id < records; id++) {
    const group = `${keyOf(id)} ${id % GROUPS}`
    counts.set(group, (counts.get(group) ?? 0) + 1)
  }
  return counts
}

/** Throws unless each key has its ids, in order, each once. */
function expectInTurn(out: readonly TextRecord[], records: number): void {
  expect(out.length, 'records').to.equal(records)
  const next = new Map<string | null, number>()
  for (const [key, value] of out) {
    const { id } = JSON.parse(value ?? '') as { readonly id: number }
    const due = next.get(key) ?? id % PARTITIONS
    if (key !== keyOf(id) || due !== id)
      throw new Error(`of key ${key} came ${id} in place of ${due}`)
    next.set(key, id + PARTITIONS)
  }
}

function countsByGroup(totals: readonly TextRecord[]): ReadonlyMap<string, readonly number[]> {
  const byGroup = Map.groupBy(totals, ([key]) => key ?? '')
  return new Map([...byGroup].map(([group, list]) => [group, list.map(([, n]) => countIn(n))]))
}
