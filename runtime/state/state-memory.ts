import type { Logger } from '../platform/logger.ts'

/** What has state in memory, and can put some of it on disk. */
export interface Spillable {
  /** In memory now. */
  readonly memoryBytes: number
  /** When what could go to disk was last of use, by `StateMemory.tick`; undefined where nothing can. */
  readonly coldest: number | undefined
  /** Puts it there. Throws where the disk is full. */
  spillColdest(): void
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

  /** Puts what is coldest on disk until so much more fits. A full disk is no reason to stop: memory is taken then. */
  makeRoom(bytes: number): void {
    if (this.#hasFailed) return
    const { budgetBytes } = this.#options
    for (let used = this.#used(); used + bytes > budgetBytes; used = this.#used()) {
      const coldest = this.#coldest()
      if (coldest === undefined) return
      try {
        coldest.spillColdest()
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
