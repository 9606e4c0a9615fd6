import type { Instance } from '../../runtime/instance.ts'
import { type Intercept, interceptedBroker } from '../support/intercepted-broker.ts'
import { JobBench, type JobSpec } from '../support/job-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'
import type { Interrupted } from './interruptions.ts'

export const COMMIT_MS = 10
const INSTANCE = 'job-0'
/** Of the only thread of that instance. */
const TRANSACTIONAL_ID = `test.job-${INSTANCE}-1`
const MAX_STEPS = 400
const STEPS_TO_STOP = 20

/** A job whose input comes in waves, at steps of the clock: the same from run to run. */
export abstract class InterruptedJob implements Interrupted {
  protected readonly bench: JobBench
  readonly #clock = new ManualClock()
  readonly #spec: JobSpec
  readonly #waves: readonly number[]
  readonly #running: Instance[] = []
  #step = 0

  /** `waves`: the steps at which some of the input comes. */
  constructor(topics: Readonly<Record<string, number>>, spec: JobSpec, waves: readonly number[]) {
    this.bench = new JobBench(topics, this.#clock)
    this.#spec = spec
    this.#waves = waves
  }

  /** One more part of the input, for whoever is there now. */
  abstract giveMore(): void

  protected abstract get isCommitted(): boolean

  start(intercept: Intercept): Instance {
    const instance = this.bench.start(this.#spec, {
      broker: interceptedBroker(this.bench.embedded.connect(), intercept),
      instanceId: INSTANCE,
    })
    this.#running.push(instance)
    return instance
  }

  async kill(instance: Instance): Promise<void> {
    this.#running.splice(this.#running.indexOf(instance), 1)
    await instance.abandon()
  }

  async finish(between: () => void | Promise<void>): Promise<void> {
    while (this.#step < MAX_STEPS) {
      await this.#advance()
      await between()
      if (this.#step > Math.max(...this.#waves) && this.isCommitted) return
    }
    const committed = this.bench.embedded.groups.get('test.job')?.committed ?? new Map()
    throw new Error(`not done: ${JSON.stringify([...committed.values()])}`)
  }

  async linger(steps: number): Promise<void> {
    for (let count = 0; count < steps; count++) await this.#advance()
  }

  async stop(): Promise<void> {
    const stopping = Promise.all(this.#running.map((instance) => instance.stop()))
    await this.linger(STEPS_TO_STOP)
    await stopping
  }

  fence(): void {
    this.bench.embedded.transactions.begin({ transactionalId: TRANSACTIONAL_ID })
  }

  async #advance(): Promise<void> {
    if (this.#waves.includes(this.#step)) this.giveMore()
    this.#step++
    await this.#clock.advance(COMMIT_MS)
  }
}
