import { expect } from 'chai'
import type { Intercept } from '../support/intercepted-broker.ts'
import { type Emission, type Guarantee, KilledJob, TRANSACTIONAL_ID } from './killed-job.ts'

/** Calls by which something leaves the process, or that it waits for. */
const COUNTED = /^(admin|member)\.|^producer\.(?!close)|^fetcher\.poll$/
const isCounted = (call: string): boolean => COUNTED.test(call) && !call.endsWith('.close')
const untouched: Intercept = (_, run) => run()

/** Counts calls, and does something at one of them in its place. */
const atCall = (
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
const isSend = (call: string): boolean => call === 'producer.send'

/** How many calls a job makes that nobody disturbs, until it is done. */
async function countCalls(guarantee: Guarantee, emit: Emission): Promise<number> {
  const job = new KilledJob(guarantee, emit)
  const { intercept, count } = atCall(Infinity, untouched)
  job.start(intercept)
  await job.finish(() => undefined)
  const calls = count()
  await job.stop()
  job.expectOnce()
  return calls
}

/** The process dies before the call, or when it is done and before anybody hears of it; another one comes in its place. */
async function dieAt(job: KilledJob, at: number, when: 'before' | 'after'): Promise<void> {
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
async function fenceAt(job: KilledJob, at: number): Promise<void> {
  const { intercept } = atCall(at, (_, run) => {
    job.transactions.begin({ transactionalId: TRANSACTIONAL_ID })
    return run()
  })
  job.start(intercept)
  await job.finish(() => undefined)
  await job.stop()
}

/** The process stands still; another one takes its place and finishes; then the first goes on. */
async function freezeAt(job: KilledJob, at: number): Promise<void> {
  const thawed = Promise.withResolvers<void>()
  let isFrozen = false
  const { intercept } = atCall(at, (call, run) => {
    isFrozen = !isSend(call)
    return isFrozen ? thawed.promise.then(run) : run()
  })
  job.start(intercept)
  let isReplaced = false
  await job.finish(() => {
    if (!isFrozen || isReplaced) return
    isReplaced = true
    job.start(untouched)
  })
  thawed.resolve()
  job.giveMore()
  await job.finish(() => undefined)
  await job.linger(20)
  await job.stop()
}

describe('a job that is interrupted at every call of its broker', function () {
  this.timeout(120_000)

  const rows: readonly (readonly [
    sentence: string,
    guarantee: Guarantee,
    interrupt: (job: KilledJob, at: number) => Promise<void>,
    emit?: Emission,
  ])[] = [
    [
      'loses nothing under AtLeastOnce when it dies before the call',
      'AtLeastOnce',
      (job, at) => dieAt(job, at, 'before'),
    ],
    [
      'loses nothing under AtLeastOnce when it dies before the answer',
      'AtLeastOnce',
      (job, at) => dieAt(job, at, 'after'),
    ],
    [
      'loses nothing that waits for the commit under AtLeastOnce when it dies before the call',
      'AtLeastOnce',
      (job, at) => dieAt(job, at, 'before'),
      'OnCommit',
    ],
    [
      'does all exactly once under ExactlyOnce when it dies before the call',
      'ExactlyOnce',
      (job, at) => dieAt(job, at, 'before'),
    ],
    [
      'does all exactly once under ExactlyOnce when it dies before the answer',
      'ExactlyOnce',
      (job, at) => dieAt(job, at, 'after'),
    ],
    [
      'does all that waits for the commit exactly once when it dies before the answer',
      'ExactlyOnce',
      (job, at) => dieAt(job, at, 'after'),
      'OnCommit',
    ],
    ['does all exactly once when it is fenced there', 'ExactlyOnce', fenceAt],
    ['does all exactly once when it stands still there and is replaced', 'ExactlyOnce', freezeAt],
  ]

  for (const [sentence, guarantee, interrupt, emit = 'OnUpdate'] of rows) {
    it(sentence, async () => {
      const calls = await countCalls(guarantee, emit)
      expect(calls).to.be.greaterThan(50)
      for (let at = 1; at <= calls; at++) {
        const job = new KilledJob(guarantee, emit)
        try {
          await interrupt(job, at)
          if (guarantee === 'ExactlyOnce') job.expectOnce()
          else job.expectNothingLost()
        } catch (error) {
          ;(error as Error).message += `\nafter an interruption at call ${at} of ${calls}`
          throw error
        }
      }
    })
  }
})
