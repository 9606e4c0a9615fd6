import { expect } from 'chai'
import { atCall, countCalls, dieAt, fenceAt, isSend, untouched } from './interruptions.ts'
import { type Emission, type Guarantee, KilledJob } from './killed-job.ts'

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
      const undisturbed = new KilledJob(guarantee, emit)
      const calls = await countCalls(undisturbed)
      undisturbed.expectOnce()
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
