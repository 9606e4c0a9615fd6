import { Command, InvalidArgumentError, Option } from 'commander'
import { type Compression, compressions } from '../../runtime/broker/compression.ts'
import { hint } from '../../runtime/platform/did-you-mean.ts'
import { type Guarantee, guarantees, type KeptStore, stores } from './contender.ts'
import { latencyCases } from './latency-cases.ts'
import { maxThreads } from './millrace.ts'
import { stateTopologies } from './state-topologies.ts'
import { topologies } from './topologies.ts'

export interface BenchOptions {
  /** Names of what to run; empty means everything. */
  readonly only: readonly string[]
  /** Records of the input; unset means enough for a warm-up and what is measured after it. */
  readonly records?: number
  readonly rounds: number
  readonly warmupMs: number
  /** How long a run is measured after its warm-up, unless its input ends before. */
  readonly windowMs: number
  readonly sizes: readonly number[]
  readonly codecs: readonly Compression[]
  readonly threads: readonly number[]
  /** Of rows with state, as are the next two; those have the first of `sizes`, `codecs` and `threads`. */
  readonly keys: readonly number[]
  readonly guarantees: readonly Guarantee[]
  readonly stores: readonly KeptStore[]
  readonly minutes: number
  /** Of the table that `recovery` restores. */
  readonly rows: number
  /** MiB that a pod has which restores it. */
  readonly memory: number
  readonly json: boolean
  readonly write: boolean
  /** No part of the rows: all of them, as they are by default. */
  readonly isWhole: boolean
}

/** What `--only` takes beside the topologies; `state` is all that keep state. */
const OTHERS = [
  'state',
  'raw-copy',
  ...latencyCases.map((latency) => latency.name),
  'layers',
  'endurance',
  'recovery',
] as const

/** Enough for some 15 s of the fastest topology; the input is to stay in memory. */
const DEFAULT_MAX_RECORDS = 60_000_000
const DEFAULT_INPUT_BYTES = 11 * 1024 ** 3
/** Less than that: there are more inputs at a time, and what state costs makes runs slower. */
const DEFAULT_STATE_RECORDS = 8_000_000

/** Throws commander's own errors, after it has explained them. */
export function parseOptions(
  argv: readonly string[],
  explain: (text: string) => void = (text) => void process.stderr.write(text),
): BenchOptions {
  const command = program().configureOutput({ writeErr: explain })
  command.parse([...argv], { from: 'user' })
  const { warmup, window, ...options } = command.opts<BenchOptions & Seconds>()
  // A part of the rows is no report: it is written only when asked for.
  const isFull = argv.every((argument) => argument === '--json')
  return {
    ...options,
    warmupMs: warmup * 1000,
    windowMs: window * 1000,
    write: options.write || isFull,
    isWhole: isFull,
  }
}

interface Seconds {
  readonly warmup: number
  readonly window: number
}

const program = () =>
  new Command('bench')
    .description('Millrace and Kafka Streams side by side on a real Kafka')
    .option('--only <names>', `topologies, ${OTHERS.join(', ')}`, listOf(name), [])
    .option('--records <n>', 'records of the input', whole)
    .option('--rounds <n>', 'runs of each side; the median counts', whole, 3)
    .option('--warmup <seconds>', 'left out of each run, from the first record on', seconds, 10)
    .option('--window <seconds>', 'measured after the warm-up', seconds, 8)
    .option('--sizes <bytes>', 'bytes of a value', listOf(whole), [100, 1024])
    .option('--codecs <names>', 'compression of input and output', listOf(oneOf(compressions)), [
      'none',
      'lz4',
    ])
    .option('--threads <n>', 'processing threads', listOf(threadCount), defaultThreads())
    .option('--keys <n>', 'keys of the input, with state', listOf(whole), [10_000, 1_000_000])
    .option('--guarantees <names>', 'with state', listOf(oneOf(guarantees)), [...guarantees])
    .option('--stores <names>', 'of Kafka Streams, with state', listOf(oneOf(stores)), [...stores])
    .option('--minutes <n>', 'how long endurance runs', whole, 10)
    .option('--rows <n>', 'of the table that recovery restores', whole, 10_000_000)
    .option('--memory <MiB>', 'of the pod that recovery restores it in', whole, 3072)
    .addOption(new Option('--json', 'print JSON instead of tables').default(false))
    .addOption(new Option('--write', 'write docs/performance.md of a partial run').default(false))
    .exitOverride()

export function wants({ only }: BenchOptions, what: string): boolean {
  return only.length === 0 || only.includes(what)
}

export const wantedState = (options: BenchOptions) =>
  stateTopologies.filter((topology) => wants(options, 'state') || wants(options, topology.name))

export const stateRecordsOf = (options: BenchOptions, valueBytes: number): number =>
  options.records ?? Math.min(DEFAULT_STATE_RECORDS, recordsOf(options, valueBytes))

export function recordsOf({ records }: BenchOptions, valueBytes: number): number {
  return records ?? Math.min(DEFAULT_MAX_RECORDS, Math.round(DEFAULT_INPUT_BYTES / valueBytes))
}

const defaultThreads = () => [1, 2].filter((threads) => threads <= maxThreads)

/** Commander hands a parser the value before it, which for a list is its default. */
const listOf =
  <T>(parse: (text: string) => T) =>
  (text: string): T[] =>
    text.split(',').map((part) => parse(part.trim()))

function name(text: string): string {
  const all = [...topologies, ...stateTopologies]
  const known = [...all.map((topology) => topology.name), ...OTHERS]
  if (known.includes(text)) return text
  throw new InvalidArgumentError(`write one of ${known.join(', ')}.${hint(text, known)}`)
}

const oneOf =
  <T extends string>(known: readonly T[]) =>
  (text: string): T => {
    const found = known.find((one) => one === text)
    if (found !== undefined) return found
    throw new InvalidArgumentError(`write one of ${known.join(', ')}.${hint(text, known)}`)
  }

function whole(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new InvalidArgumentError('write a whole number above 0')
}

function seconds(text: string): number {
  const number = Number(text)
  if (text !== '' && number >= 0 && Number.isFinite(number)) return number
  throw new InvalidArgumentError('write a number of seconds')
}

function threadCount(text: string): number {
  const threads = whole(text)
  if (threads <= maxThreads) return threads
  throw new InvalidArgumentError(
    `a Millrace instance runs at most ${maxThreads} thread(s): nothing to compare with`,
  )
}
