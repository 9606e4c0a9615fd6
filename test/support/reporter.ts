import { writeFileSync } from 'node:fs'
import Mocha from 'mocha'

/** What one mocha process counted; `run-suites.ts` adds these up. */
export interface Totals {
  passed: number
  failed: number
  skipped: number
}

export const totalsLine = ({ passed, failed, skipped }: Totals): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/** Mocha's spec reporter with a closing line that machines can read: `N passed, N failed(, N skipped)`. */
export default class ClosingLineReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    runner.once('end', () => {
      const totals = {
        passed: this.stats.passes,
        failed: this.stats.failures,
        skipped: this.stats.pending,
      }
      const suite = process.env.MILLRACE_SUITE
      console.log(`${suite === undefined ? '' : `${suite}: `}${totalsLine(totals)}`)
      const file = process.env.MILLRACE_TOTALS_FILE
      if (file !== undefined) writeFileSync(file, JSON.stringify(totals))
    })
  }
}
