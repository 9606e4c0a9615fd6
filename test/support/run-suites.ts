import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { totalsLine, type SuiteReport, type Totals } from './reporter.ts'

interface Suite {
  readonly specs: readonly string[]
  readonly minutes: number
  /** Its files share nothing, and are run on all cores. */
  readonly isParallel?: true
}

/** Each suite is a mocha process of its own, so that one that hangs or crashes cannot hide another's result. */
const suites: Readonly<Record<string, Suite>> = {
  unit: {
    specs: [
      'test/*.test.ts',
      'test/{crds,operator,runtime,cli,dashboard,docs,support,bench}/**/*.test.ts',
    ],
    minutes: 10,
    isParallel: true,
  },
  crash: { specs: ['test/crash/**/*.test.ts'], minutes: 10, isParallel: true },
  integration: { specs: ['test/integration/**/*.test.ts'], minutes: 60 },
  charts: { specs: ['test/charts/**/*.test.ts'], minutes: 15 },
  pulumi: { specs: ['test/pulumi/**/*.test.ts'], minutes: 5 },
  differential: { specs: ['test/differential/**/*.test.ts'], minutes: 10 },
  long: { specs: ['test/long/**/*.test.ts'], minutes: 180 },
  e2e: { specs: ['test/e2e/**/*.test.ts'], minutes: 60 },
}

async function main(names: readonly string[]): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-suites-'))
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  const failures: string[] = []
  for (const name of names) {
    const suite = await runSuite(name, join(scratch, `${name}.json`))
    failures.push(...suite.failures.map((failure) => `${name}: ${failure}`))
    totals.passed += suite.passed
    totals.failed += suite.failed
    totals.skipped += suite.skipped
  }
  rmSync(scratch, { recursive: true })
  // Once more, next to the count: the suites' own reports are thousands of lines further up.
  for (const failure of failures) console.log(`failed: ${failure}`)
  console.log(totalsLine(totals))
  return totals.failed > 0 ? 1 : 0
}

async function runSuite(name: string, totalsFile: string): Promise<SuiteReport> {
  const suite = suites[name]
  if (suite === undefined) {
    throw new Error(`unknown suite "${name}": write one of ${Object.keys(suites).join(', ')}`)
  }
  console.log(`\n== ${name}`)
  const started = performance.now()
  const code = await runMocha(suite, {
    ...process.env,
    MILLRACE_SUITE: name,
    MILLRACE_TOTALS_FILE: totalsFile,
  })
  console.log(`${name} took ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return readReport(totalsFile, code)
}

function runMocha(suite: Suite, env: NodeJS.ProcessEnv): Promise<number> {
  const mocha = join('node_modules', 'mocha', 'bin', 'mocha.js')
  const parallel =
    suite.isParallel === true ? ['--parallel', '--jobs', String(availableParallelism())] : []
  const child = spawn(process.execPath, [mocha, ...parallel, ...suite.specs], {
    stdio: 'inherit',
    env,
  })
  let isLate = false
  const deadline = setTimeout(() => {
    isLate = true
    console.error(`ended after ${suite.minutes} minutes`)
    // Mocha runs the tests in a process of its own, and ends that one at SIGINT alone.
    child.kill('SIGINT')
  }, suite.minutes * 60_000)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(deadline)
      resolve(isLate ? 1 : (code ?? 1))
    })
  })
}

/** A suite that died before its reporter could count is one failure, never zero. */
function readReport(file: string, code: number): SuiteReport {
  const died = `mocha ended with code ${code}`
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as SuiteReport
    if (code === 0 || report.failed > 0) return report
    return { ...report, failed: 1, failures: [`${died} though no test failed`] }
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [`${died} before it could report`] }
  }
}

process.exitCode = await main(process.argv.slice(2))
