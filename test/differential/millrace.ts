import { job } from '../../runtime/dsl/job.ts'
import type { ReadRecord } from '../../runtime/testing/records.ts'
import type { StoreEntry } from '../../runtime/testing/store-view.ts'
import { type TestedJob, testedJob } from '../../runtime/testing/tested-job.ts'
import { TopologyTestDriver } from '../../runtime/testing/topology-test-driver.ts'
import { repartitionTopic } from '../../runtime/topology/internal-topics.ts'
import { Built } from './calls/call.ts'
import { calls } from './calls/index.ts'
import { inCallOrder } from './call-order.ts'
import type { Case, CaseRecord, Json, Op } from './case.ts'
import { featureOf, shapesOf, storesOf } from './features.ts'
import { type Keys, keysOf, shownKey } from './keys.ts'
import type { Entry, Outcome, StepOutcome } from './outcome.ts'

/** What Millrace has, as far as cases go. */
export const covered: ReadonlySet<string> = new Set(Object.keys(calls))

/** Runs a case of covered operations in the test driver, which commits after each input: changelogs say what each has changed. */
export async function runInMillrace({ ops, inputs }: Case): Promise<Outcome> {
  const steps: StepOutcome[] = []
  let at = -1
  let run: CaseRun | undefined
  try {
    run = await CaseRun.start(ops)
    for (const input of inputs) {
      at++
      steps.push(await run.step(input))
    }
    return { steps, stores: run.stores(), repartitions: run.repartitions() }
  } catch (error) {
    return { steps, error: { at, message: (error as Error).message } }
  } finally {
    await run?.close()
  }
}

class CaseRun {
  readonly #ops: readonly Op[]
  readonly #tested: TestedJob
  readonly #driver: TopologyTestDriver
  readonly #keys: ReadonlyMap<string, Keys>

  private constructor(ops: readonly Op[], tested: TestedJob, driver: TopologyTestDriver) {
    this.#ops = ops
    this.#tested = tested
    this.#driver = driver
    this.#keys = keysOf(ops)
  }

  static async start(ops: readonly Op[]): Promise<CaseRun> {
    const tested = testedJobOf(ops)
    return new CaseRun(ops, tested, await TopologyTestDriver.start(tested))
  }

  async step({ topic, key, value, ts }: CaseRecord): Promise<StepOutcome> {
    await this.#driver.pipe(topic, { key, value, timestamp: ts })
    const outputs = this.#ops.filter((op) => op.op === 'to')
    return {
      outputs: present(
        outputs.map(({ topic: output, from }) => [
          output,
          this.#driver.read(output).map((record) => entryOf(record, this.#keys.get(from))),
        ]),
      ),
      changelogs: present(
        this.#stores.map((name) => [
          name,
          this.#driver.changelog(name).map((record) => entryOf(record, this.#keys.get(name))),
        ]),
      ),
    }
  }

  stores(): Record<string, readonly Entry[]> {
    return Object.fromEntries(this.#stores.map((name) => [name, this.#contentsOf(name)]))
  }

  repartitions(): readonly string[] {
    const { config, topology } = this.#tested
    const prefix = `${config.applicationId}-`
    return topology.nodes
      .filter((node) => node.kind === 'repartition')
      .map((node) => repartitionTopic(config.applicationId, node))
      .filter((topic) => topic.endsWith('-repartition') && this.#driver.read(topic).length > 0)
      .map((topic) => topic.slice(prefix.length))
      .sort()
  }

  close(): Promise<void> {
    return this.#driver.close()
  }

  get #stores(): readonly string[] {
    return storesOf(this.#ops)
  }

  #contentsOf(name: string): readonly Entry[] {
    const keys = this.#keys.get(name)
    const entries = this.#driver.store(name).entries()
    // Kafka Streams keeps no time with a session but that of its end.
    const timeOf = ({ timestamp, end }: StoreEntry) => (keys?.kind === 'session' ? end : timestamp)
    return entries
      .map((entry) => ({ ...entry, key: storeKey(entry), timestamp: timeOf(entry) ?? 0 }))
      .map((entry) => entryOf(entry, keys))
      .sort(byKey)
  }
}

function testedJobOf(ops: readonly Op[]): TestedJob {
  const shapes = shapesOf(ops)
  const built = new Built(keysOf(ops))
  for (const op of ops) calls[featureOf(op, shapes)]?.(op, built)
  const inputs = ops.flatMap((op) =>
    'topic' in op && op.op !== 'to' ? [{ name: op.name, topic: op.topic }] : [],
  )
  const { config, topology } = testedJob(job(...built.outputs), { inputs })
  return { config, topology: inCallOrder(topology, ops) }
}

/** In a store, unlike in its changelog, a key and its window lie side by side. */
const storeKey = ({ key, start, end }: StoreEntry): unknown =>
  start === undefined ? key : { key, start, end }

const entryOf = (
  { key, value, timestamp }: Pick<ReadRecord, 'key' | 'value' | 'timestamp'>,
  keys: Keys | undefined,
): Entry => ({ key: shownKey(keys, key), value: value as Json, ts: timestamp })

function byKey(a: Entry, b: Entry): number {
  const [one, other] = [JSON.stringify(a.key), JSON.stringify(b.key)]
  return one < other ? -1 : Number(one > other)
}

const present = (entries: readonly (readonly [string, readonly Entry[]])[]) =>
  Object.fromEntries(entries.filter(([, found]) => found.length > 0))
