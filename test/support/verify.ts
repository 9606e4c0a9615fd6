import { spawnSync } from 'node:child_process'

/** What must hold before a commit. Runs every step, so that one run tells all that is wrong. */
const steps: readonly (readonly [name: string, command: readonly string[]])[] = [
  [
    'format',
    ['node_modules/prettier/bin/prettier.cjs', '--check', '--cache', '--log-level=warn', '.'],
  ],
  ['typecheck', ['node_modules/typescript/bin/tsc']],
  [
    'lint',
    [
      'node_modules/eslint/bin/eslint.js',
      '--cache',
      '--cache-location',
      'node_modules/.cache/eslint',
      '.',
    ],
  ],
  ['unit tests', ['test/support/run-suites.ts', 'unit']],
]

const failed = steps.filter(([name, command]) => {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
  return status !== 0
})
if (failed.length > 0) process.exitCode = 1
