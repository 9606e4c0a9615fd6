import { setTimeout as delay } from 'node:timers/promises'
import type { PipedRecord } from '../../runtime/testing/records.ts'
import type { TestedJob } from '../../runtime/testing/tested-job.ts'
import { TopologyTestDriver } from '../../runtime/testing/topology-test-driver.ts'
import { compareLetters, compareRecords, compareStore, type Difference } from './compare.ts'
import type { Path } from './test-file.ts'
import type { GivenRecord, JobTest, TestStep } from './test-schema.ts'
import { msOf, timestampOf } from './test-times.ts'

/** Why a test has failed. */
export interface Failure {
  /** Of the part of the file that did not hold. */
  readonly path: Path
  readonly message: string
  readonly difference?: Difference
}

/** Of real time, which only a function that waits for something outside can take. */
const MAX_MS = 30_000

/** Runs a test on a driver of its own, up to the first step that fails. `path`: of the test in its file. */
export async function runTest(
  job: TestedJob,
  test: JobTest,
  path: Path,
): Promise<readonly Failure[]> {
  const driver = await TopologyTestDriver.start(job)
  const ended = new AbortController()
  const tooLong = delay(MAX_MS, undefined, { signal: ended.signal }).then(() => [
    { path, message: `has not ended within ${MAX_MS / 1000} s: an async function does not answer` },
  ])
  try {
    return await Promise.race([runSteps(driver, test, path), tooLong])
  } finally {
    ended.abort()
    await driver.close()
  }
}

async function runSteps(
  driver: TopologyTestDriver,
  test: JobTest,
  path: Path,
): Promise<readonly Failure[]> {
  const steps = test.steps?.map((step, index) => ({ step, path: [...path, 'steps', index] }))
  for (const one of steps ?? [{ step: test, path }]) {
    const failures = await runStep(driver, one.step, one.path)
    if (failures.length > 0) return failures
  }
  return []
}

async function runStep(
  driver: TopologyTestDriver,
  step: TestStep,
  path: Path,
): Promise<readonly Failure[]> {
  const stop = await act(driver, step)
  const failure = judge(stop, step.fails, path)
  if (failure !== undefined) return [failure]
  return checksOf(driver, step).flatMap(({ at, message, check }) => {
    try {
      const difference = check()
      return difference === undefined ? [] : [{ path: [...path, ...at], message, difference }]
    } catch (error) {
      return [{ path: [...path, ...at], message: (error as Error).message }]
    }
  })
}

interface Stop {
  /** What was being done. */
  readonly at: Path
  readonly error: Error
}

/** Answers what came between. */
async function act(driver: TopologyTestDriver, step: TestStep): Promise<Stop | undefined> {
  for (const { at, run } of actionsOf(driver, step)) {
    try {
      await run()
    } catch (error) {
      return { at, error: error as Error }
    }
  }
  return undefined
}

const actionsOf = (
  driver: TopologyTestDriver,
  { restart, given = {}, advance }: TestStep,
): readonly { readonly at: Path; readonly run: () => Promise<void> }[] => [
  ...(restart === undefined ? [] : [{ at: ['restart'], run: () => driver.restart() }]),
  ...Object.entries(given).map(([topic, records]) => ({
    at: ['given', topic],
    run: () => driver.pipe(topic, ...records.map(pipedRecord)),
  })),
  ...(advance === undefined
    ? []
    : [{ at: ['advance'], run: () => driver.advance(msOf(advance) ?? 0) }]),
]

const pipedRecord = ({ key, value, raw, at, headers }: GivenRecord): PipedRecord => ({
  key,
  value: raw === undefined ? value : Buffer.from(raw),
  ...(at === undefined ? {} : { timestamp: timestampOf(at) }),
  ...(headers === undefined ? {} : { headers }),
})

function judge(stop: Stop | undefined, fails: string | undefined, path: Path): Failure | undefined {
  if (fails === undefined)
    return stop === undefined
      ? undefined
      : { path: [...path, ...stop.at], message: stop.error.message }
  const place = [...path, 'fails']
  if (stop === undefined) return { path: place, message: 'the job goes on' }
  if (stop.error.message.includes(fails)) return undefined
  const difference = { expected: fails, actual: stop.error.message }
  return { path: place, message: 'the job stops for another reason', difference }
}

interface Check {
  readonly at: Path
  /** What it is about. */
  readonly message: string
  readonly check: () => Difference | undefined
}

/** Records that are set aside are looked at in each step: a test that says nothing of them expects none. */
const checksOf = (
  driver: TopologyTestDriver,
  { expect = {}, stores = {}, deadLetters }: TestStep,
): readonly Check[] => [
  ...Object.entries(expect).map(([topic, records]) => ({
    at: ['expect', topic],
    message: `topic ${topic}`,
    check: () => compareRecords(records, driver.read(topic)),
  })),
  ...Object.entries(stores).map(([store, entries]) => ({
    at: ['stores', store],
    message: `store ${store}`,
    check: () => compareStore(entries, driver.store(store).entries()),
  })),
  {
    at: deadLetters === undefined ? [] : ['deadLetters'],
    message: 'dead letters',
    check: () => compareLetters(deadLetters ?? [], driver.deadLetters()),
  },
]
