import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Found } from './search.ts'

const FOLDER = 'node_modules/.cache/differential'

/** Keeps each case in a file that can be run again, and says what differs in it and how to run it. */
export const reportOf = (found: readonly Found[], seed: number): readonly string[] =>
  found.flatMap(({ case: one, differences }, index) => {
    mkdirSync(FOLDER, { recursive: true })
    const file = join(FOLDER, `seed-${seed}-${index + 1}.json`)
    const text = JSON.stringify(one, null, 2)
    writeFileSync(file, `${text}\n`)
    const again = `npm run test:differential -- --replay ${file}`
    return [`${one.name}: ${again}`, ...indented([...differences, JSON.stringify(one)])]
  })

export const indented = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => `  ${line}`)
