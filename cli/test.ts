import { globSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FriendlyError } from './friendly-error.ts'
import { TEST_FILE } from './manifests.ts'
import { manifestJob } from './manifest-job.ts'
import { resultText, summaryText, type TestResult } from './testing/report.ts'
import { runTest } from './testing/run-test.ts'
import { readTestFile } from './testing/test-file.ts'

export interface TestOptions {
  /** Files or folders. */
  readonly paths: readonly string[]
  /** A part of the names of the tests to run. */
  readonly filter?: string
  readonly json?: boolean
}

/** `millrace test`: runs the tests and prints what came of them. True if all have passed. */
export async function test({ paths, filter = '', json = false }: TestOptions): Promise<boolean> {
  const results: TestResult[] = []
  for (const file of filesOf(paths)) {
    const ofFile = await runFile(file, filter)
    if (!json && ofFile.length > 0) console.log([file, ...ofFile.map(resultText)].join('\n'))
    results.push(...ofFile)
  }
  if (results.length === 0) throw new FriendlyError(`no test has "${filter}" in its name`)
  console.log(json ? JSON.stringify(results, undefined, 2) : `\n${summaryText(results)}`)
  return results.every(({ failures }) => failures.length === 0)
}

async function runFile(file: string, filter: string): Promise<readonly TestResult[]> {
  const { job: manifests, tests, placeOf } = readTestFile(file)
  const wanted = tests
    .map((one, index) => ({ one, path: ['tests', index] }))
    .filter(({ one }) => one.name.includes(filter))
  if (wanted.length === 0) return []
  const job = await manifestJob(join(dirname(file), manifests))
  const results: TestResult[] = []
  for (const { one, path } of wanted) {
    const failures = await runTest(job, one, path)
    const placed = failures.map(({ path: at, ...failure }) => ({ place: placeOf(at), ...failure }))
    results.push({ file, name: one.name, failures: placed })
  }
  return results
}

function filesOf(paths: readonly string[]): readonly string[] {
  const files = paths.flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) throw new FriendlyError(`${path}: there is no such file or folder`)
    return found.isDirectory() ? filesIn(path) : [path]
  })
  if (files.length > 0) return files
  throw new FriendlyError(`there is no file *.test.yaml below ${paths.join(', ')}`)
}

const filesIn = (folder: string): readonly string[] =>
  globSync('**/*', { cwd: folder, exclude: (path) => isForeign(basename(path)) })
    .filter((path) => TEST_FILE.test(path))
    .sort()
    .map((path) => join(folder, path))

/** Other people's, or hidden. */
const isForeign = (name: string): boolean => name === 'node_modules' || /^\.[^.]/.test(name)
