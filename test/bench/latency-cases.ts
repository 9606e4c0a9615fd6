import { COMMIT_INTERVAL_MS, type Guarantee } from './contender.ts'

/** All records of the topology come out, and `id`, which carries the time of making, with them. */
export interface LatencyCase {
  /** For `--only`. */
  readonly name: 'latency' | 'latency-exactly-once'
  readonly topology: string
  readonly recordsPerSecond: number
  readonly guarantee: Guarantee
  readonly commitIntervalMs: number
}

export const latencyCases: readonly LatencyCase[] = [
  {
    name: 'latency',
    topology: 'projection',
    recordsPerSecond: 20_000,
    guarantee: 'AtLeastOnce',
    commitIntervalMs: COMMIT_INTERVAL_MS,
  },
  {
    name: 'latency-exactly-once',
    topology: 'rekey',
    recordsPerSecond: 10_000,
    guarantee: 'ExactlyOnce',
    // The default of both.
    commitIntervalMs: 100,
  },
]
