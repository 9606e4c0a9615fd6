import type { Logger } from '../platform/logger.ts'

/** What has state in memory, and can put some of it on disk. */
export interface Spillable {
  /** In memory now. */
  readonly memoryBytes: number
  /** When what could go to disk was last of use, by `StateMemory.tick`; undefined where nothing can. */
  readonly coldest: number | undefined
  /** Puts it there, and returns the memory that it needs no more. Throws where the disk is full. */
  spillColdest(): Buffer | undefined
}

export interface StateMemoryOptions {
  readonly budgetBytes: number
  /** For what does not fit. */
  readonly directory: string
  readonly log: Pick<Logger, 'warn'>
}

/** The memory that the stores of a thread share. */
export class StateMemory {
  readonly directory: string
  readonly #options: StateMemoryOptions
  readonly #members = new Set<Spillable>()
  #ticks = 0
  /** Of what went to disk last. */
  #spare: Buffer | undefined
  #hasFailed = false

  constructor(options: StateMemoryOptions) {
    this.#options = options
    this.directory = options.directory
  }

  join(member: Spillable): void {
    this.#members.add(member)
  }

  leave(member: Spillable): void {
    this.#members.delete(member)
  }

  /** A number that is larger each time. */
  tick(): number {
    return ++this.#ticks
  }

  /**
   * So much memory, for what is there once there is room. It is what an earlier chunk left: its views are not of use any more,
   * and to have it collected would take more memory meanwhile than there is.
   */
  take(bytes: number): Buffer {
    const spare = this.#spare?.length === bytes ? this.#spare : undefined
    if (spare !== undefined) this.#spare = undefined
    this.makeRoom(bytes)
    return spare ?? Buffer.allocUnsafeSlow(bytes)
  }

  /** Puts what is coldest on disk until so much more fits. A full disk is no reason to stop: memory is taken then. */
  makeRoom(bytes: number): void {
    if (this.#hasFailed) return
    const { budgetBytes } = this.#options
    for (let used = this.#used(); used + bytes > budgetBytes; used = this.#used()) {
      const coldest = this.#coldest()
      if (coldest === undefined) return
      try {
        this.#spare = coldest.spillColdest()
      } catch (error) {
        this.#hasFailed = true
        const why = (error as Error).message
        return this.#options.log.warn(
          'cannot put state on disk: it stays in memory, beyond its budget, until the job is started again',
          { budgetBytes, why },
        )
      }
    }
  }

  #used(): number {
    let bytes = 0
    for (const member of this.#members) bytes += member.memoryBytes
    return bytes
  }

  #coldest(): Spillable | undefined {
    let [found, since]: [Spillable | undefined, number] = [undefined, Infinity]
    for (const member of this.#members) {
      const { coldest = Infinity } = member
      if (coldest < since) [found, since] = [member, coldest]
    }
    return found
  }
}
