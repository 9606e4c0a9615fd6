import type { Clock } from '../platform/clock.ts'

/** One that is ready waits so long for the others: each time the group is told, it shares out anew, twice. */
const TOGETHER_MS = 10_000
/** One that the group was told of and that did not come is not spoken of again for so long. */
const AGAIN_MS = 10 * 60 * 1000

/** Tasks that are to come to this thread once their stores are warm. */
export class WarmUps {
  readonly #clock: Clock
  readonly #told = new Map<string, number>()
  #expected: readonly string[] = []
  #readySince: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** These and no others. */
  expect(names: readonly string[]): void {
    for (const name of this.#told.keys()) if (!names.includes(name)) this.#told.delete(name)
    this.#expected = names
    this.#readySince = undefined
  }

  /** True when it is time to tell the group; not again for the same ones. */
  areReady(isReady: (name: string) => boolean): boolean {
    const now = this.#clock.monotonic()
    const open = this.#expected.filter(
      (name) => now >= (this.#told.get(name) ?? -Infinity) + AGAIN_MS,
    )
    const ready = open.filter(isReady)
    if (ready.length === 0) return false
    this.#readySince ??= now
    if (ready.length < open.length && now - this.#readySince < TOGETHER_MS) return false
    for (const name of ready) this.#told.set(name, now)
    return true
  }
}
