/**
 * One thing at a time that goes on beside the rounds of a worker, which take what came of it when they get to it: nothing happens
 * in between.
 */
export class Beside<T> {
  #underWay: Promise<void> | undefined
  #result: { readonly take: () => T } | undefined

  /** True from `begin` to `take`. */
  get isBegun(): boolean {
    return this.#underWay !== undefined
  }

  get isDone(): boolean {
    return this.#result !== undefined
  }

  /** `onDone` is called once there is something to take. */
  begin(work: Promise<T>, onDone: () => void = () => undefined): void {
    this.#underWay = work
      .then(
        (value) => (this.#result = { take: () => value }),
        (error: unknown) => {
          this.#result = {
            take: () => {
              throw error
            },
          }
        },
      )
      .then(onDone)
  }

  /** What came of it, once it has. Throws what it failed with. */
  async take(): Promise<T> {
    await this.#underWay
    const result = this.#result
    this.#underWay = undefined
    this.#result = undefined
    if (result === undefined) throw new Error('nothing was begun')
    return result.take()
  }
}
