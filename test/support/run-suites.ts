import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { totalsLine, type Totals } from './reporter.ts'

/** Each suite is a mocha process of its own, so that one that hangs or crashes cannot hide another's result. */
const suites: Readonly<
  Record<string, { readonly specs: readonly string[]; readonly minutes: number }>
> = {
  unit: {
    specs: [
      'test/*.test.ts',
      'test/{crds,operator,runtime,cli,dashboard,docs,support,bench}/**/*.test.ts',
    ],
    minutes: 5,
  },
  integration: { specs: ['test/integration/**/*.test.ts'], minutes: 60 },
  charts: { specs: ['test/charts/**/*.test.ts'], minutes: 15 },
  pulumi: { specs: ['test/pulumi/**/*.test.ts'], minutes: 5 },
  differential: { specs: ['test/differential/**/*.test.ts'], minutes: 10 },
  long: { specs: ['test/long/**/*.test.ts'], minutes: 120 },
  e2e: { specs: ['test/e2e/**/*.test.ts'], minutes: 60 },
}

async function main(names: readonly string[]): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-suites-'))
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  let failed = false
  for (const name of names) {
    const suite = await runSuite(name, join(scratch, `${name}.json`))
    failed ||= suite.failed > 0
    totals.passed += suite.passed
    totals.failed += suite.failed
    totals.skipped += suite.skipped
  }
  rmSync(scratch, { recursive: true })
  console.log(totalsLine(totals))
  return failed ? 1 : 0
}

async function runSuite(name: string, totalsFile: string): Promise<Totals> {
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
  return readTotals(totalsFile, name, code)
}

function runMocha(
  suite: { readonly specs: readonly string[]; readonly minutes: number },
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const mocha = join('node_modules', 'mocha', 'bin', 'mocha.js')
  const child = spawn(process.execPath, [mocha, ...suite.specs], { stdio: 'inherit', env })
  const deadline = setTimeout(() => child.kill('SIGKILL'), suite.minutes * 60_000)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(deadline)
      if (signal === 'SIGKILL') console.error(`killed after ${suite.minutes} minutes`)
      resolve(code ?? 1)
    })
  })
}

/** A suite that died before its reporter could count is one failure, never zero. */
function readTotals(file: string, name: string, code: number): Totals {
  try {
    const totals = JSON.parse(readFileSync(file, 'utf8')) as Totals
    return code !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals
  } catch {
    console.error(`${name}: mocha ended with code ${code} before it could report`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

process.exitCode = await main(process.argv.slice(2))
