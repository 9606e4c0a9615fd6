import { setTimeout as delay } from 'node:timers/promises'
import { cpuSecondsOf, machineCpuSeconds, peakRssBytesOf } from './proc.ts'
import type { Gauge } from './progress.ts'
import {
  isDisturbed,
  isOver,
  median,
  type Rates,
  ratesOf,
  type Sample,
  selectWindow,
  type Span,
  stepsOf,
} from './statistics.ts'
import type { Worker } from './worker.ts'

export interface Measured extends Rates {
  readonly peakRssBytes: number
}

/** What one run gave. */
export interface Round extends Measured {
  readonly disturbed: boolean
  /** False when the run was too fast for its warm-up. */
  readonly warmedUp: boolean
}

export const medianOf = (rounds: readonly Measured[]): Measured => ({
  recordsPerSecond: median(rounds.map((round) => round.recordsPerSecond)),
  recordsPerCpuSecond: median(rounds.map((round) => round.recordsPerCpuSecond)),
  peakRssBytes: median(rounds.map((round) => round.peakRssBytes)),
})

export interface Watched {
  readonly worker: Worker
  readonly gauge: Gauge
  readonly span: Span
  /** Processes whose CPU is part of every run: the broker's. The bench's own is added. */
  readonly brokerPids: readonly number[]
}

const SAMPLE_MS = 50
/** A table of a million rows is read before the first record that counts. */
const STALLED_MS = 300_000

/** Watches a run until it has shown enough. Throws when the process ends or nothing moves any more. */
export async function measureRun(run: Watched): Promise<Round> {
  const samples = await sampleToTheEnd(run)
  const peakRssBytes = peakRssBytesOf(run.worker.pid)
  const window = selectWindow(shown(samples, run), run.span)
  return {
    ...ratesOf(window),
    peakRssBytes,
    disturbed: isDisturbed(window),
    warmedUp: window.warmedUp,
  }
}

async function sampleToTheEnd(run: Watched): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  let movedAtMs = performance.now()
  for (;;) {
    const sample = await takeSample(run)
    const before = samples.at(-1)
    if (sample.started !== before?.started || sample.finished !== before.finished)
      movedAtMs = sample.atMs
    samples.push(sample)
    if (isOver(shown(samples, run), run.span)) return samples
    if (sample.atMs - movedAtMs > STALLED_MS) {
      const share = `${Math.floor(sample.finished)} of ${run.span.inputRecords} records`
      throw run.worker.failure(`has written nothing for ${STALLED_MS / 1000} s, after ${share}`)
    }
    await delay(SAMPLE_MS)
  }
}

const shown = (samples: readonly Sample[], { gauge }: Watched) =>
  gauge.inSteps ? stepsOf(samples) : samples

async function takeSample({ worker, gauge, brokerPids }: Watched): Promise<Sample> {
  worker.failIfEnded()
  const { started, finished } = await gauge.read()
  const cpuSeconds = cpuSecondsOf(worker.pid)
  const known = [process.pid, ...brokerPids].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0)
  return {
    atMs: performance.now(),
    started,
    finished,
    cpuSeconds,
    foreignCpuSeconds: machineCpuSeconds() - known - cpuSeconds,
  }
}
