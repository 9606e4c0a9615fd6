import type { Context } from 'mocha'

/**
 * Skips the running test or hook with a printed reason when `missing` names something this machine lacks.
 * With MILLRACE_NO_SKIP=1 (continuous integration) the lack is a failure instead.
 */
export function requireOrSkip(context: Context, missing: string | undefined): void {
  if (missing === undefined) return
  if (process.env.MILLRACE_NO_SKIP === '1') {
    throw new Error(`${missing}. Skipping is not allowed here (MILLRACE_NO_SKIP=1).`)
  }
  console.log(`      skipped: ${missing}`)
  context.skip()
}
