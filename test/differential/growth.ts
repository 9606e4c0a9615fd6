import type { Op } from './case.ts'
import { type Feature, lackingOf, type Shape, shapesOf, takenBy } from './features.ts'
import { type Keys, keysOf, PLAIN } from './keys.ts'
import { hasRace } from './races.ts'

/** A result that later operations may take from. */
export interface Result {
  readonly name: string
  readonly shape: Shape
  readonly keys: Keys
  /** Its keys have windows: not every operation takes those. */
  readonly isWindowed: boolean
}

/** Proposes operations to add to what has grown so far; none where nothing fits. */
export type Move = (dice: Dice, grown: Growth) => readonly Op[]

/** Choices among what is there, by numbers that were drawn beforehand. */
export class Dice {
  readonly #numbers: readonly number[]
  #next = 0

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[(this.#numbers[this.#next++] ?? 0) % Math.max(1, items.length)]
  }

  /** Of at least one. */
  one<T>(...items: readonly [T, ...T[]]): T {
    return this.pick(items) ?? items[0]
  }
}

/** A topology that grows by moves, as far as its operations are covered. */
export class Growth {
  readonly #covered: ReadonlySet<Feature>
  #ops: readonly Op[] = [{ op: 'stream', name: 'in1', topic: 'in-1' }]
  #names = 0

  constructor(covered: ReadonlySet<Feature>) {
    this.#covered = covered
  }

  /** A name that no operation has. */
  name(): string {
    return `s${++this.#names}`
  }

  get sources(): number {
    return this.#ops.filter(({ op }) => ['stream', 'table', 'globalTable'].includes(op)).length
  }

  /** Results of that shape; of streams and tables those with plain keys only, unless windowed ones do as well. */
  results(shape: Shape, { orWindowed = false } = {}): readonly Result[] {
    const keys = keysOf(this.#ops)
    return [...shapesOf(this.#ops)]
      .map(([name, found]) => resultOf(name, found, keys.get(name) ?? PLAIN))
      .filter((result) => result.shape === shape && (orWindowed || !result.isWindowed))
  }

  /** True for the table that a windowed aggregation gives, at every update. */
  canBeSuppressed(table: string): boolean {
    const aggregation = this.#op(table)
    if (aggregation === undefined || !('from' in aggregation)) return false
    const windowed = this.#op(aggregation.from)
    return windowed?.op === 'windowedBy' && windowed.emit === undefined
  }

  grow(move: Move, numbers: readonly number[]): void {
    const added = move(new Dice(numbers), this)
    const ops = [...this.#ops, ...added]
    if (lackingOf(ops, this.#covered).length > 0 || hasRace(ops)) return
    this.#ops = ops
  }

  /** All of it; whatever nothing takes from is written to a topic of its own. */
  finished(): readonly Op[] {
    const taken = new Set(this.#ops.flatMap(takenBy))
    const ends = (shape: Shape) =>
      this.results(shape, { orWindowed: true }).filter(({ name }) => !taken.has(name))
    const streams = ends('stream').map(({ name }) => name)
    const toStream = ends('table').map(({ name }) => ({
      op: 'toStream' as const,
      name: `${name}-stream`,
      from: name,
    }))
    const sinks = [...streams, ...toStream.map(({ name }) => name)].map((from) => ({
      op: 'to' as const,
      name: `${from}-out`,
      from,
      topic: `out-${from}`,
    }))
    return [...this.#ops, ...toStream, ...sinks]
  }

  #op(name: string): Op | undefined {
    return this.#ops.find((op) => op.name === name)
  }
}

const resultOf = (name: string, shape: Shape, keys: Keys): Result => ({
  ...{ name, shape, keys },
  isWindowed: keys.kind !== 'plain',
})
