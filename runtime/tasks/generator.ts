import type { InputConfig } from '../config.ts'
import { compile } from '../expr/compile.ts'
import { type GeneratorSubject, generatorEnvironment } from '../expr/generator-environment.ts'
import type { Clock } from '../platform/clock.ts'
import { serializeKey } from '../serde/key.ts'
import { serdes } from '../serde/serde.ts'
import type { OutputRecord } from './output-collector.ts'

/** A generator that was held up does not make up for more than this. */
const MAX_CATCH_UP_MS = 1000

/** Makes up the records of one input at its rate. Whoever owns partition 0 of the topic runs it. */
export class Generator {
  readonly topic: string
  readonly #perMs: number
  readonly #clock: Clock
  readonly #make: (subject: GeneratorSubject) => { key: Buffer | null; value: Buffer }
  readonly #random: () => number
  #count = 0
  #lastMs: number

  constructor(input: InputConfig, clock: Clock, random: () => number) {
    this.topic = input.topic
    this.#perMs = (input.generator?.recordsPerSecond ?? 0) / 1000
    this.#clock = clock
    this.#random = random
    this.#make = maker(input)
    this.#lastMs = clock.monotonic()
  }

  /** The records that are due by now. */
  due(): OutputRecord[] {
    const nowMs = this.#clock.monotonic()
    const from = Math.max(this.#lastMs, nowMs - MAX_CATCH_UP_MS)
    const due = Math.floor((nowMs - from) * this.#perMs)
    if (due <= 0) return []
    this.#lastMs = from + due / this.#perMs
    const now = this.#clock.now()
    return Array.from({ length: due }, () => {
      const { key, value } = this.#make({ n: this.#count++, now, random: this.#random })
      return { topic: this.topic, key, value, timestamp: now, headers: [] }
    })
  }
}

function maker({ generator, format, keyFormat }: InputConfig) {
  const key =
    generator?.key === undefined ? undefined : compile(generator.key, generatorEnvironment)
  const fields = Object.entries(generator?.value ?? {}).map(
    ([name, source]) => [name, compile(source, generatorEnvironment)] as const,
  )
  return (subject: GeneratorSubject) => ({
    key: key === undefined ? null : serializeKey(key.evaluate(subject), serdes[keyFormat]),
    value: serdes[format].serialize(
      Object.fromEntries(fields.map(([name, expression]) => [name, expression.evaluate(subject)])),
    ),
  })
}
