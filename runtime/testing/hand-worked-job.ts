import type { RuntimeCounts } from '../config.ts'
import type { Instance, InstanceOptions } from '../instance.ts'
import type { Task } from '../tasks/task.ts'
import type { Worker } from '../tasks/worker.ts'
import { startStreamThread } from '../threads/stream-thread.ts'

interface Parts {
  readonly instance: Instance
  readonly worker: Worker
  /** Ends the instance as its own loop does when the job cannot go on. */
  readonly fail: (error: unknown) => void
}

/** A thread of a job whose loop goes round only when told to, until there is nothing left to do. */
export class HandWorkedJob {
  readonly #parts: Parts
  #failure: Error | undefined

  private constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Its tasks are restored and ready. Throws what is wrong with the job. */
  static async start(options: InstanceOptions): Promise<HandWorkedJob> {
    const parts = await new Promise<Parts>((resolve, reject) => {
      const work = (worker: Worker) =>
        new Promise<void>((_, fail) => resolve({ instance, worker, fail }))
      const instance = startStreamThread({ ...options, thread: 1, work })
      instance.ended.catch(reject)
    })
    const job = new HandWorkedJob(parts)
    await job.#attempt(() => parts.worker.join())
    return job
  }

  get tasks(): readonly Task[] {
    return this.#parts.worker.tasks
  }

  counts(): RuntimeCounts {
    return this.#parts.instance.status().counts
  }

  /**
   * Works off all that there is to read, in topics of the job's own too, and, if `commits`, commits. Waits for async functions.
   * Throws what stops the job, now and whenever it is asked again.
   */
  async workOff({ commits }: { readonly commits: boolean }): Promise<void> {
    const { worker } = this.#parts
    await this.#attempt(async () => {
      do {
        while (await this.#turn());
        if (commits) await worker.commit()
      } while (await this.#turn())
    })
  }

  async commit(): Promise<void> {
    await this.#attempt(() => this.#parts.worker.commit())
  }

  /** As if the process died. */
  async abandon(): Promise<void> {
    await this.#parts.instance.abandon()
  }

  /** Nobody moves the clock meanwhile, so a turn that waits, waits for an answer. */
  async #turn(): Promise<boolean> {
    const { worker } = this.#parts
    if (await worker.turn(0)) return true
    if (!this.tasks.some(({ isPending }) => isPending)) return false
    await worker.turn()
    return true
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    try {
      await work()
    } catch (error) {
      this.#failure = error as Error
      this.#parts.fail(error)
      await this.abandon()
      throw error
    }
  }
}
