import { deepStrictEqual } from 'node:assert'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type StreamJob, streamJobSchema } from '../../crds/index.ts'
import { runtimeConfig } from '../../operator/streamjob/desired/runtime-config.ts'
import { type RuntimeConfig, runtimeConfigSchema } from '../../runtime/config.ts'
import { loadJob } from '../../runtime/dsl/load-job.ts'
import { eventually } from '../support/eventually.ts'
import { JobBench, PRODUCED_AT } from '../support/job-bench.ts'
import type { Fence, Page } from './page.ts'

/**
 * A `yaml` or `ts` block followed by a `records` block: a job, what goes in and what must come out. Each line of `records`
 * is a topic, a key and a value, two spaces apart, as `millrace dev` prints them; `→ ` marks what comes out, in its order
 * within a topic. The block may be a whole StreamJob, a part of its `spec`, or the file of a TypeScript job; inputs and
 * outputs that it does not name are taken from the records.
 */
export interface Example {
  readonly code: Fence
  readonly given: readonly ExampleRecord[]
  readonly expected: readonly ExampleRecord[]
}

export interface ExampleRecord {
  readonly topic: string
  readonly key: string | null
  readonly value: string | null
}

const OUT = '→ '
/** Less than mocha's, so that what the job was doing is told. */
const PATIENCE = { timeoutMs: 8000, everyMs: 5 }

export const examplesIn = ({ fences }: Page): Example[] =>
  fences.flatMap((fence, index) => {
    if (fence.language !== 'records') return []
    const code = fences[index - 1]
    if (code === undefined || !['yaml', 'ts'].includes(code.language))
      throw new Error(`${fence.file}:${fence.line}: records need a yaml or ts block before them`)
    const lines = fence.text.split('\n').filter((line) => line.trim() !== '')
    const isOut = (line: string) => line.startsWith(OUT)
    return [
      {
        code,
        given: lines.filter((line) => !isOut(line)).map(recordOf),
        expected: lines.filter(isOut).map((line) => recordOf(line.slice(OUT.length))),
      },
    ]
  })

export const placeOf = ({ file, line }: Fence): string => `${file}:${line}`

function recordOf(line: string): ExampleRecord {
  const [, topic, key, value] = /^(\S+) {2,}(\S+) {2,}(.*)$/.exec(line) ?? []
  if (topic === undefined || key === undefined || value === undefined)
    throw new Error(`"${line}": write topic, key and value, two spaces apart`)
  return { topic, key: key === 'null' ? null : key, value: value === 'null' ? null : value }
}

/** The job of an example, as the API server would store it. Throws what the schema has against it. */
export function jobOf({ code, given, expected }: Example): StreamJob {
  const written =
    code.language === 'ts' ? { code: { inline: code.text } } : (parse(code.text) as unknown)
  if ('apiVersion' in (written as object)) return streamJobSchema.parse(written)
  const part = written as Partial<StreamJob['spec']>
  const last = part.steps?.at(-1)?.name
  const spec = {
    kafka: { bootstrapServers: ['kafka:9092'] },
    inputs: topicsOf(given).map((topic) => ({ name: topic, topic })),
    outputs: topicsOf(expected).map((topic) => ({
      topic,
      ...(last === undefined ? {} : { from: last }),
    })),
    ...part,
  }
  return streamJobSchema.parse({
    apiVersion: 'millrace.dev/v1alpha1',
    kind: 'StreamJob',
    metadata: { name: 'example' },
    spec,
  })
}

const topicsOf = (records: readonly ExampleRecord[]): string[] => [
  ...new Set(records.map(({ topic }) => topic)),
]

export function configOf(job: StreamJob): RuntimeConfig {
  const metadata = { namespace: 'default', ...job.metadata }
  return runtimeConfigSchema.parse(runtimeConfig({ ...job, metadata }))
}

/** Runs the example on an embedded broker until nothing is left to read and all is committed, and compares. Topics have one partition. */
export async function runExample(example: Example): Promise<void> {
  const config = configOf(jobOf(example))
  const outputs = config.outputs.flatMap(({ topic, topics = [] }) => topic ?? topics)
  const names = [...config.inputs.map(({ topic }) => topic), ...outputs]
  const bench = new JobBench(Object.fromEntries(names.map((name) => [name, 1])))
  try {
    const instance = bench.start(config, { loadTopology: () => loadText(example.code, config) })
    for (const [n, { topic, key, value }] of example.given.entries())
      bench.produce(topic, [[key, value, PRODUCED_AT + n]])
    await Promise.race([instance.ended, eventually(() => bench.expectIdle(instance), PATIENCE)])
    // With a last commit, which some results wait for.
    await bench.stop()
    for (const topic of new Set([...outputs, ...topicsOf(example.expected)]))
      deepStrictEqual(seenIn(bench, topic), wantedIn(example, topic), `topic ${topic}`)
  } finally {
    await bench.stop()
  }
}

/** Node runs files, not texts. */
async function loadText({ text }: Fence, config: RuntimeConfig) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-docs-'))
  try {
    const path = join(folder, 'job.ts')
    writeFileSync(path, text)
    return await loadJob(path, config)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const seenIn = (bench: JobBench, topic: string) =>
  bench.records(topic).map(({ key, value }) => ({ key, value: comparable(value) }))

const wantedIn = ({ expected }: Example, topic: string) =>
  expected
    .filter((record) => record.topic === topic)
    .map(({ key, value }) => ({ key, value: comparable(value) }))

/** Values are compared as JSON where they are JSON: spaces do not matter. */
function comparable(value: string | null): unknown {
  if (value === null) return null
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
