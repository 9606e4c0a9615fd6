import type { Instance } from '../instance.ts'
import { type Clock, sleep } from '../platform/clock.ts'
import { mergedStatus } from './merged-status.ts'

/** What the others get to commit when one has failed; what they do not is processed again. */
const LAST_COMMIT_MS = 20_000

/** Threads as one instance. When one fails the others stop, and it ends with that failure: the pod is to start anew. */
export function together(threads: readonly Instance[], clock: Clock): Instance {
  const ended = endOf(threads, clock)
  ended.catch(() => undefined)
  return {
    status: () => mergedStatus(threads.map((thread) => thread.status())),
    ready: () => threads.every((thread) => thread.ready()),
    ended,
    stop: () => stopAll(threads),
    abandon: async () => void (await Promise.all(threads.map((thread) => thread.abandon()))),
  }
}

async function endOf(threads: readonly Instance[], clock: Clock): Promise<void> {
  const ends = threads.map(({ ended }, index) =>
    ended.catch((error: unknown) => {
      throw threads.length === 1
        ? error
        : new ThreadFailed(error as Error, index + 1, threads.length)
    }),
  )
  try {
    await Promise.all(ends)
  } catch (error) {
    const stopped = new AbortController()
    const stopping = stopAll(threads).then(() => stopped.abort())
    await Promise.race([stopping, sleep(clock, LAST_COMMIT_MS, stopped.signal)])
    if (!stopped.signal.aborted) await Promise.all(threads.map((thread) => thread.abandon()))
    throw error
  }
}

const stopAll = async (threads: readonly Instance[]): Promise<void> =>
  void (await Promise.all(threads.map((thread) => thread.stop())))

/** What one of several threads ended with: its own words first, for they are what must be acted on. */
class ThreadFailed extends Error {
  constructor(cause: Error, thread: number, of: number) {
    super(
      `${cause.message}\nThread ${thread} of ${of} ended with this; the instance stops the others and ends with it.`,
      { cause },
    )
    this.name = cause.name
  }
}
