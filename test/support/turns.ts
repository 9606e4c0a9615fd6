import { deepStrictEqual } from 'node:assert'
import { type InputConfig, runtimeConfigSchema, type StepConfig } from '../../runtime/config.ts'
import { bind } from '../../runtime/dsl/bind.ts'
import { job, type Output } from '../../runtime/dsl/job.ts'
import type { Instance } from '../../runtime/instance.ts'
import { eventually } from './eventually.ts'
import { JobBench } from './job-bench.ts'

export type Row = readonly [key: string | null, value: unknown]

/** A record that goes in, and the records that come out before the next one does. */
export type Turn = readonly [
  topic: string,
  key: string | null,
  value: unknown,
  ...out: readonly Row[],
]

export interface TurnCase {
  readonly sentence: string
  /** Input topics; an input bears the name of its topic. */
  readonly inputs: Readonly<Record<string, InputConfig['as']>>
  /** The last step is written to `out`. */
  readonly steps?: readonly (Partial<StepConfig> & { readonly name: string })[]
  /** Writes `out`. */
  readonly code?: () => Output
  readonly turns: readonly Turn[]
}

const PATIENCE = { everyMs: 5 }

/** Runs each case on the embedded broker, one record after the other, once a front-end. */
export function turnCases(cases: readonly TurnCase[]): void {
  let bench: JobBench | undefined

  afterEach(() => bench?.stop())

  for (const { sentence, inputs: types, steps, code, turns } of cases) {
    const inputs = Object.entries(types).map(([name, as]) => ({ name, topic: name, as }))
    const topics = Object.fromEntries([...Object.keys(types), 'out'].map((topic) => [topic, 1]))

    if (steps !== undefined) {
      it(`${sentence} (steps)`, () => {
        bench = new JobBench(topics)
        const outputs = [{ from: steps.at(-1)?.name, topic: 'out' }]
        return takeTurns(bench, bench.start({ inputs, steps: [...steps] as never, outputs }), turns)
      })
    }
    if (code !== undefined) {
      it(`${sentence} (TypeScript)`, () => {
        bench = new JobBench(topics)
        const parsed = runtimeConfigSchema.pick({ inputs: true }).parse({ inputs })
        const loadTopology = () => Promise.resolve(bind(job(code()), parsed))
        const instance = bench.start({ inputs, code: { path: 'job.ts' } }, { loadTopology })
        return takeTurns(bench, instance, turns)
      })
    }
  }
}

async function takeTurns(bench: JobBench, instance: Instance, turns: readonly Turn[]) {
  const expected: Row[] = []
  await eventually(() => deepStrictEqual(instance.status().state, 'Running'), PATIENCE)
  for (const [topic, key, value, ...out] of turns) {
    bench.produce(topic, [[key, value]])
    expected.push(...out)
    await eventually(() => {
      bench.expectIdle(instance)
      deepStrictEqual(seen(bench), expected)
    }, PATIENCE)
  }
}

const seen = (bench: JobBench) =>
  bench
    .records('out')
    .map(({ key, value }) => [key, value === null ? null : (JSON.parse(value) as unknown)])
