import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels: Labels
  readonly value: number
}

/** A value read when somebody scrapes: nothing is counted twice, and nothing is kept for nobody. */
export interface Observed {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly read: () => readonly Sample[]
}

/** Prometheus metrics of one process. Names: `millrace_` prefix, base units, `_total` for counters. */
export class Metrics {
  readonly contentType: string
  readonly #registry = new Registry()

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
    this.contentType = this.#registry.contentType
  }

  counter(name: string, help: string, labels: readonly string[] = []) {
    const counter = new Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
    })
    return (given: Labels = {}, by = 1) => counter.inc(given, by)
  }

  /** `buckets` in seconds. */
  histogram(name: string, help: string, labels: readonly string[], buckets: readonly number[]) {
    const histogram = new Histogram({
      name,
      help,
      labelNames: [...labels],
      buckets: [...buckets],
      registers: [this.#registry],
    })
    return (given: Labels, seconds: number) => histogram.observe(given, seconds)
  }

  observeGauge({ name, help, labels, read }: Observed): void {
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const sample of read()) this.set(sample.labels, sample.value)
      },
    })
  }

  /** `read` gives totals since the process started. */
  observeCounter({ name, help, labels, read }: Observed): void {
    new Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const sample of read()) this.inc(sample.labels, sample.value)
      },
    })
  }

  /** The text that Prometheus scrapes. */
  render(): Promise<string> {
    return this.#registry.metrics()
  }
}
