import { Worker } from 'node:worker_threads'
import type { RuntimeStatus } from '../config.ts'
import type { Instance } from '../instance.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import { ownModule } from '../platform/own-files.ts'
import {
  STALLED_MS,
  type ThreadError,
  type ThreadReport,
  type ThreadRequest,
  type ThreadSettings,
} from './messages.ts'
import { nothingDone } from './nothing-done.ts'
import { together } from './together.ts'

const entry = ownModule('runtime/threads/worker-thread-main')

/**
 * A thread makes few objects and many buffers, whose memory lies outside the heap. With V8's own size the young generation
 * fills so slowly that buffers pile up until each 64 MiB of them cost a collection of the whole heap; a small one lets
 * them go with the cheap collections. Measured on a JSON filter: 1.3 to 1.5 M records a CPU-second instead of 0.8 M.
 */
const YOUNG_GENERATION_MB = 3

/** Starts a job on `threads` worker threads; this thread only watches them and stays free to answer probes. */
export function startWorkerThreads({
  config,
  instanceId,
  ...main
}: WorkerThreadsOptions): Instance {
  const threads = Array.from(
    { length: config.threads },
    (_, index) => new WorkerThread({ config, instanceId, thread: index + 1 }, main),
  )
  return together(threads, main.clock)
}

export interface WorkerThreadsOptions extends Omit<ThreadSettings, 'thread'>, MainThread {}

/** What stays on the main thread. */
interface MainThread {
  readonly clock: Clock
  readonly log: Logger
}

/** The main thread's view of one worker thread: the last it said, and how it ended. */
class WorkerThread implements Instance {
  readonly ended: Promise<void>
  readonly #worker: Worker
  readonly #clock: Clock
  readonly #log: Logger
  #status: RuntimeStatus
  #ready = false
  #heardMs: number
  #abandoned = false

  constructor(settings: ThreadSettings, { clock, log }: MainThread) {
    const { config, thread } = settings
    this.#clock = clock
    this.#log = log
    this.#heardMs = clock.monotonic()
    this.#status = {
      job: config.job,
      state: 'Starting',
      internalTopics: [],
      nodes: {},
      dropped: {},
      ...nothingDone,
    }
    this.#worker = new Worker(entry, {
      workerData: settings,
      name: `millrace-${thread}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
    this.ended = this.#end(thread)
    this.ended.catch((error: unknown) => this.#failed(error as Error))
  }

  status(): RuntimeStatus {
    return this.#status
  }

  ready(): boolean {
    return this.#ready && this.#clock.monotonic() - this.#heardMs < STALLED_MS
  }

  async stop(): Promise<void> {
    // Until it has joined its group there is nothing that it would have to end in order, and it may be long in loading.
    if (this.#status.state === 'Starting') return this.abandon()
    this.#worker.postMessage('stop' satisfies ThreadRequest)
    await this.ended.catch(() => undefined)
  }

  async abandon(): Promise<void> {
    this.#abandoned = true
    await this.#worker.terminate()
  }

  /** Settles once the thread is gone, with its last word, or with why there was none. */
  #end(thread: number): Promise<void> {
    let lastWord: Extract<ThreadReport, { kind: 'ended' }> | undefined
    let crash: Error | undefined
    this.#worker.on('message', (report: ThreadReport) => {
      if (report.kind === 'ended') lastWord = report
      else this.#hear(report)
    })
    this.#worker.once('error', (error: Error) => {
      crash = error
    })
    return new Promise((resolve, reject) => {
      this.#worker.once('exit', (code) => {
        const failure = lastWord === undefined ? crashed(thread, code, crash) : lastWord.error
        if (failure === undefined || this.#abandoned) resolve()
        else reject(revived(failure))
      })
    })
  }

  #hear(report: Exclude<ThreadReport, { kind: 'ended' }>): void {
    this.#heardMs = this.#clock.monotonic()
    if (report.kind === 'log') {
      const { level, message, fields } = report.line
      return this.#log[level](message, fields)
    }
    this.#status = report.status
    this.#ready = report.ready
  }

  /** A thread that crashed could not say so itself. */
  #failed({ name, message }: Error): void {
    const lastError = { reason: name, message, at: new Date(this.#clock.now()).toISOString() }
    this.#ready = false
    this.#status = { ...this.#status, state: 'Failed', lastError }
  }
}

function crashed(thread: number, code: number, crash: NodeJS.ErrnoException | undefined) {
  if (crash === undefined) {
    const message = `thread ${thread} ended by itself with code ${code}: code of the job must not call process.exit`
    return { name: 'ThreadExited', message, stack: undefined }
  }
  if (crash.code !== 'ERR_WORKER_OUT_OF_MEMORY') return crash as ThreadError
  const message = `thread ${thread} ran out of memory: raise resources.limits.memory, or lower threads`
  return { name: 'OutOfMemory', message, stack: crash.stack }
}

function revived({ name, message, stack }: ThreadError): Error {
  const error = new Error(message)
  return Object.assign(error, { name, ...(stack === undefined ? {} : { stack }) })
}
