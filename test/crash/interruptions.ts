import type { Instance } from '../../runtime/instance.ts'
import type { Intercept } from '../support/intercepted-broker.ts'

/** What is interrupted: the same from run to run up to the moment at which a test interferes. */
export interface Interrupted {
  start(intercept: Intercept): Instance
  /** Dies without a word. */
  kill(instance: Instance): Promise<void>
  /** Moves time on, `between` at each step, until all is done. */
  finish(between: () => void | Promise<void>): Promise<void>
  stop(): Promise<void>
  /** Somebody else takes the transactional id. */
  fence(): void
}

/** Calls by which something leaves the process, or that it waits for. */
const COUNTED = /^(admin|member)\.|^producer\.(?!close)|^fetcher\.poll$/
export const isCounted = (call: string): boolean => COUNTED.test(call) && !call.endsWith('.close')
export const untouched: Intercept = (_, run) => run()

/** Counts calls, and does something at one of them in its place. */
export const atCall = (
  at: number,
  act: Intercept,
): { readonly intercept: Intercept; readonly count: () => number } => {
  let calls = 0
  return {
    count: () => calls,
    intercept: (call, run) => (isCounted(call) && ++calls === at ? act(call, run) : run()),
  }
}

const never = new Promise<never>(() => undefined)
export const isSend = (call: string): boolean => call === 'producer.send'

/** How many calls a job makes that nobody disturbs, until it is done. */
export async function countCalls(job: Interrupted): Promise<number> {
  const { intercept, count } = atCall(Infinity, untouched)
  job.start(intercept)
  await job.finish(() => undefined)
  const calls = count()
  await job.stop()
  return calls
}

/** The process dies before the call, or when it is done and before anybody hears of it; another one comes in its place. */
export async function dieAt(job: Interrupted, at: number, when: 'before' | 'after'): Promise<void> {
  let isDead = false
  const die = (call: string) => {
    isDead = true
    return isSend(call) ? undefined : never
  }
  const { intercept } = atCall(at, (call, run) => {
    if (when === 'before') return die(call)
    const done = run()
    return isSend(call) ? die(call) : Promise.resolve(done).then(() => die(call))
  })
  const first = job.start((call, run) =>
    isDead && isCounted(call) ? die(call) : intercept(call, run),
  )
  let isReplaced = false
  await job.finish(async () => {
    if (!isDead || isReplaced) return
    isReplaced = true
    await job.kill(first)
    job.start(untouched)
  })
  // The answer comes only when all is done: nobody would hear of an orderly end.
  if (!isReplaced) await job.kill(first)
  await job.stop()
}

/** Somebody else takes the transactional id over for a moment, or the brokers do because of a time-out. */
export async function fenceAt(job: Interrupted, at: number): Promise<void> {
  const { intercept } = atCall(at, (_, run) => {
    job.fence()
    return run()
  })
  job.start(intercept)
  await job.finish(() => undefined)
  await job.stop()
}
