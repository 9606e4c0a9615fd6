import { writeFileSync } from 'node:fs'
import Mocha from 'mocha'

/** What one mocha process counted; `run-suites.ts` adds these up. */
export interface Totals {
  passed: number
  failed: number
  skipped: number
}

/** What one mocha process reports: `failures` are sentences such as `a job that is full goes on: expected 3 to equal 4`. */
export interface SuiteReport extends Totals {
  readonly failures: readonly string[]
}

export const totalsLine = ({ passed, failed, skipped }: Totals): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

export const failureLine = (title: string, error: Error): string =>
  `${title}: ${error.message.split('\n', 1)[0]!}`

/** Mocha's spec reporter with a closing line that machines can read: `N passed, N failed(, N skipped)`. */
export default class ClosingLineReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    const failures: string[] = []
    runner.on('fail', (test, error: Error) => failures.push(failureLine(test.fullTitle(), error)))
    runner.once('end', () => {
      const totals = {
        passed: this.stats.passes,
        failed: this.stats.failures,
        skipped: this.stats.pending,
      }
      const suite = process.env.MILLRACE_SUITE
      console.log(`${suite === undefined ? '' : `${suite}: `}${totalsLine(totals)}`)
      const file = process.env.MILLRACE_TOTALS_FILE
      if (file !== undefined) writeFileSync(file, JSON.stringify({ ...totals, failures }))
    })
  }
}
