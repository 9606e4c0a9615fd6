import { spawnSync } from 'node:child_process'
import { compile } from './compile.ts'

/** `dist/` as it is published: bundles, and declarations of types for those who import the package. */
await compile('dist')
const { status } = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  { stdio: 'inherit' },
)
process.exitCode = status ?? 1
