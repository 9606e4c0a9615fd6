import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Case } from './case.ts'
import { checkAgainst } from './check.ts'
import { differencesOf } from './compare.ts'
import { namedCases } from './cases/index.ts'
import { indented, reportOf } from './found.ts'
import { KafkaStreams } from './kafka-streams.ts'
import { covered, runInMillrace } from './millrace.ts'
import { freshSeed, search } from './search.ts'

const USAGE = `npm run test:differential -- [--seed N] [--seconds S] [--replay FILE]
  --seed     where the random cases come from; a fresh one unless given
  --seconds  how long to draw random cases, 60 unless given; 0 runs the named cases only
  --replay   runs the case in FILE only, and prints what each side makes of it`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      replay: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const java = await KafkaStreams.start((line) => console.log(line))
  try {
    if (values.replay !== undefined) return await replay(java, values.replay)
    const seed = values.seed === undefined ? freshSeed() : wholeNumber('seed', values.seed)
    return await compare(java, seed, wholeNumber('seconds', values.seconds))
  } finally {
    await java.close()
  }
}

async function compare(java: KafkaStreams, seed: number, seconds: number): Promise<number> {
  const check = checkAgainst(java)
  const { cases, differences } = await runNamed(check)
  console.log(`random cases from seed ${seed}`)
  const started = performance.now()
  const result = await search({ seed, seconds, covered, check })
  const rate = (result.cases * 1000) / Math.max(1, performance.now() - started)
  if (seconds > 0) console.log(`${result.cases} random cases, ${rate.toFixed(0)} a second`)
  for (const line of reportOf(result.found, seed)) console.log(line)
  const total = differences + result.found.length
  console.log(`${cases + result.cases} cases, ${total} differences`)
  return total === 0 ? 0 : 1
}

async function runNamed(check: (one: Case) => Promise<readonly string[]>) {
  let differences = 0
  for (const one of namedCases) {
    const found = await check(one)
    if (found.length > 0) differences++
    report(one.name, found)
  }
  console.log(`${namedCases.length} named cases`)
  return { cases: namedCases.length, differences }
}

async function replay(java: KafkaStreams, file: string): Promise<number> {
  const one = JSON.parse(readFileSync(file, 'utf8')) as Case
  const [theirs, ours] = await Promise.all([java.run(one), runInMillrace(one)])
  console.log(JSON.stringify({ kafkaStreams: theirs, millrace: ours }, null, 2))
  const differences = differencesOf(one, theirs, ours)
  report(one.name, differences)
  console.log(`1 cases, ${differences.length === 0 ? 0 : 1} differences`)
  return differences.length === 0 ? 0 : 1
}

function report(title: string, differences: readonly string[]): void {
  if (differences.length > 0) console.log([title, ...indented(differences)].join('\n'))
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0) return number
  throw new Error(`--${option} is a whole number from 0 on, not ${text}\n${USAGE}`)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 2
}
