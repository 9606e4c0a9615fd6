import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { rssBytesOf } from '../bench/proc.ts'
import { StatefulJob } from '../integration/stateful-job.ts'
import { JavaClients, missingForJavaClients } from '../kafka/java-clients.ts'
import { REPLICATED, type RunningKafka, startKafka } from '../kafka/kafka.ts'
import { requireOrSkip } from '../support/skip.ts'
import { mean, slopeOf } from '../support/slope.ts'
import { StuckWatch } from './stuck-watch.ts'

const MINUTE_MS = 60_000
const MINUTES = Number(process.env.MILLRACE_SOAK_MINUTES ?? 30)
/** A shorter run is a smoke test: memory has not settled, and what it says of growth means nothing. */
const MIN_MINUTES_FOR_SLOPE = 10
const STUCK_MS = 60_000
/** Of the memory of the process, in the run. */
const MAX_GROWTH = 0.1
/** Of the pod whose memory is looked at: a larger one would still be filling with what nobody needs when growth begins to count. */
const STEADY_HEAP_MB = 64
const SAMPLE_MS = 1000
/** What comes in a minute is less than the sink takes in it, although it is slow and pods come and go. */
const FEED_EVERY_MS = 100
const CHURN_MS = { from: 5000, to: 20_000 } as const

/** Lives from the beginning to the end, so that its memory tells something. */
const STEADY = 'pod-0'
const OTHERS = ['pod-1', 'pod-2', 'pod-3'] as const

/** The slow sink: a call for each record, which takes long for 20 s of each minute. */
const code = ({ traffic, totals }: StatefulJob) => `import { job, stream } from 'millrace'
const all = stream<{ id: number }>('in').filter('all', ({ value }) => value.id >= 0)
const isSlow = () => Date.now() % ${MINUTE_MS} > ${MINUTE_MS - 20_000}
export default job(
  all.to('${traffic.output}'),
  all
    .mapValuesAsync('sink', async ({ value }) => {
      await new Promise((resolve) => setTimeout(resolve, isSlow() ? 300 : Math.random() * 5))
      return value
    }, { concurrency: 16 })
    .groupBy('by-group', ({ key, value }) => key + ' ' + value.id % 50)
    .count('counts')
    .to('${totals}'),
)`

describe(`a stateful job for ${MINUTES} minutes, with pods that come and go and a sink that is slow at times`, function () {
  this.timeout(10 * MINUTE_MS + MINUTES * 2 * MINUTE_MS)
  let kafka: RunningKafka
  let java: JavaClients
  let job: StatefulJob

  before(async function () {
    requireOrSkip(this, await missingForJavaClients())
    kafka = await startKafka({
      brokers: 3,
      properties: REPLICATED,
    })
    java = await JavaClients.start(kafka.bootstrapServers)
    job = new StatefulJob(kafka, java)
    await job.createTopics()
  })

  afterEach(async function () {
    await job?.stop({ show: this.currentTest?.state === 'failed' })
  })

  after(async () => {
    java?.stop()
    await kafka?.stop()
  })

  const start = (pod: string) =>
    job.start(pod, {}, { code: code(job), ...(pod === STEADY ? { heapMb: STEADY_HEAP_MB } : {}) })
  const isUp = (pod: string) => job.pods.some(([name, { hasEnded }]) => name === pod && !hasEnded)

  const kill = async (pod: string) => job.pod(pod).kill()

  async function killAndRestart(pod: string): Promise<void> {
    await kill(pod)
    await start(pod)
  }

  /** One that has just been started may not have come to listen yet. */
  async function end(pod: string): Promise<void> {
    expect(await job.end(pod), `exit code of ${pod}`).to.be.oneOf([0, 'SIGTERM'])
  }

  /** One thing that happens to one pod. A kill that nobody makes good is followed by a start later on. */
  async function churn(): Promise<string> {
    const pod = oneOf(OTHERS)
    const act = isUp(pod) ? oneOf([killAndRestart, kill, end]) : start
    await act(pod)
    return `${act.name} ${pod}`
  }

  it('does all exactly once, without a task that is stuck and without memory that grows', async () => {
    const watch = new StuckWatch(job.traffic)
    const samples: { readonly x: number; readonly y: number }[] = []
    const happened = new Map<string, number>()
    for (const pod of [STEADY, ...OTHERS]) await start(pod)
    job.traffic.feed(FEED_EVERY_MS)
    await job.traffic.progress()
    watch.start()
    const begun = performance.now()
    let next = begun
    for (let now = begun; now - begun < MINUTES * MINUTE_MS; now = performance.now()) {
      samples.push({ x: now - begun, y: rssBytesOf(job.pod(STEADY).pid ?? 0) })
      if (now >= next) {
        const [what = ''] = (await churn()).split(' ')
        happened.set(what, (happened.get(what) ?? 0) + 1)
        next = now + CHURN_MS.from + Math.random() * (CHURN_MS.to - CHURN_MS.from)
      }
      await pause(SAMPLE_MS)
    }
    await job.expectOnce()
    await watch.stop()
    expect(isUp(STEADY), `${STEADY} lives`).to.equal(true)
    const settled = samples.filter(({ x }) => x > (MINUTES * MINUTE_MS) / 3)
    const perHour = slopeOf(settled) * 60 * MINUTE_MS
    const rss = mean(settled.map(({ y }) => y))
    const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
    console.log(`      ${[...happened].map(([what, count]) => `${what} ${count}`).join(', ')}`)
    console.log(`      RSS ${mib(rss)} MiB, slope ${mib(perHour)} MiB an hour`)
    console.log(
      `      longest wait: a partition ${watch.partitionMs | 0} ms, all ${watch.jobMs | 0} ms`,
    )
    expect(watch.partitionMs, 'ms that a partition with more to do stood still').to.be.below(
      STUCK_MS,
    )
    if (MINUTES < MIN_MINUTES_FOR_SLOPE) return
    expect(Math.abs(perHour) * (MINUTES / 60), 'growth').to.be.below(rss * MAX_GROWTH)
  })
})

const oneOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T
