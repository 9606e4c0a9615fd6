import { deepStrictEqual } from 'node:assert'
import { expect } from 'chai'
import { type InputConfig, runtimeConfigSchema } from '../../runtime/config.ts'
import { bind } from '../../runtime/dsl/bind.ts'
import { job, type Output } from '../../runtime/dsl/job.ts'
import { type Stream, stream } from '../../runtime/dsl/stream.ts'
import { eventually } from './eventually.ts'
import { JobBench, type JobSpec } from './job-bench.ts'

export type KeyValue = readonly [key: string | null, value: unknown]

/** What the values of the tests look like; each record has what its sentence needs. */
export interface Value {
  readonly n: number
  readonly card: string
  readonly items: readonly string[]
}

/** One sentence about an operator: what goes in and what comes out, in either way of writing the job. */
export interface OperatorCase {
  readonly sentence: string
  /** The job as steps. The input is `in`, unless `given` names others. */
  readonly steps?: Pick<JobSpec, 'steps' | 'outputs'>
  /** The job in TypeScript. */
  readonly code?: (input: Stream<Value>, others: typeof stream) => readonly Output[]
  /** Inputs that are not streams, in steps; a TypeScript job says so itself. */
  readonly as?: Readonly<Record<string, InputConfig['as']>>
  /** Records by input topic; an input bears the name of its topic. */
  readonly given: Readonly<Record<string, readonly KeyValue[]>>
  /** Records by output topic, in order. */
  readonly out: Readonly<Record<string, readonly KeyValue[]>>
  /** Why records were set aside, in order. */
  readonly bad?: readonly RegExp[]
}

/** Runs each case on the embedded broker, once a front-end. */
export function operatorCases(cases: readonly OperatorCase[]): void {
  let bench: JobBench | undefined

  afterEach(() => bench?.stop())

  for (const one of cases) {
    const inputs = Object.keys(one.given).map((name) => ({ name, topic: name }))
    const { steps, code, as = {} } = one
    if (steps !== undefined) {
      const typed = inputs.map((input) => ({ ...input, as: as[input.name] }))
      it(`${one.sentence} (steps)`, () => check(one, { inputs: typed, ...steps }))
    }
    if (code !== undefined) {
      it(`${one.sentence} (TypeScript)`, () =>
        check(one, { inputs, code: { path: 'job.ts' } }, job(...code(stream<Value>('in'), stream))))
    }
  }

  async function check(
    { given, out, bad = [] }: OperatorCase,
    spec: JobSpec,
    typescript?: ReturnType<typeof job>,
  ): Promise<void> {
    const topics = [...Object.keys(given), ...Object.keys(out)]
    bench = new JobBench(Object.fromEntries(topics.map((topic) => [topic, 1])))
    for (const [topic, records] of Object.entries(given)) bench.produce(topic, records)
    const { inputs } = runtimeConfigSchema.pick({ inputs: true }).parse({ inputs: spec.inputs })
    const overrides =
      typescript === undefined
        ? {}
        : { loadTopology: () => Promise.resolve(bind(typescript, { inputs })) }
    bench.start({ ...spec, onError: 'DeadLetter' }, overrides)
    await expectOutcome(bench, out, bad)
  }
}

async function expectOutcome(
  bench: JobBench,
  out: OperatorCase['out'],
  bad: readonly RegExp[],
): Promise<void> {
  const seen = (topic: string) =>
    bench
      .records(topic)
      .map(({ key, value }) => [key, value === null ? null : (JSON.parse(value) as unknown)])
  const actual = () => Object.fromEntries(Object.keys(out).map((topic) => [topic, seen(topic)]))
  await eventually(() => deepStrictEqual(actual(), out), { everyMs: 5 })
  await eventually(
    () => {
      const why = bench
        .records('test.job-dead-letters')
        .map(({ headers }) => Object.fromEntries(headers)['millrace.message'])
      expect(why).to.have.length(bad.length)
      bad.forEach((pattern, index) => expect(why[index]).to.match(pattern))
    },
    { everyMs: 5 },
  )
}
