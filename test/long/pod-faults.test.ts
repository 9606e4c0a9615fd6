import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { PARTITIONS, SLOW, StatefulJob } from '../integration/stateful-job.ts'
import { JavaClients, missingForJavaClients } from '../kafka/java-clients.ts'
import { sharedKafka } from '../kafka/shared.ts'
import { eventually } from '../support/eventually.ts'
import { requireOrSkip } from '../support/skip.ts'
import { StuckWatch } from './stuck-watch.ts'

const STORM_MS = 600_000
const STORM_PODS = 6
const STANDSTILL_MS = 30_000
/** More than three sessions. */
const STALL_MS = 20_000
const SMALL_HEAP_MB = 48

/** What becomes of a stateful job under ExactlyOnce by what happens in its pods. */
describe('the pods of a stateful job, for long', function () {
  this.timeout(STORM_MS + 600_000)
  let java: JavaClients
  let folder: string
  let job: StatefulJob

  before(async function () {
    requireOrSkip(this, await missingForJavaClients())
    java = await JavaClients.start((await sharedKafka()).bootstrapServers)
  })

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-pods-'))
    job = new StatefulJob(await sharedKafka(), java)
    await job.createTopics()
  })

  afterEach(async function () {
    await job?.stop({ show: this.currentTest?.state === 'failed' })
    rmSync(folder, { recursive: true })
  })

  after(() => java?.stop())

  it('do all exactly once while one of them comes or goes every few seconds', async () => {
    const watch = new StuckWatch(job.traffic)
    const names = Array.from({ length: STORM_PODS }, (_, index) => `pod-${index}`)
    for (const name of names) await job.start(name)
    job.traffic.feed()
    await job.traffic.progress()
    watch.start()
    const begun = performance.now()
    for (let turn = 0; performance.now() - begun < STORM_MS; turn++) {
      const name = names[turn % names.length] ?? ''
      // Some are told to end while they start, or while they end.
      if (turn % 3 === 0) job.pod(name).signal('SIGKILL')
      else for (let count = 0; count < turn % 3; count++) job.pod(name).signal('SIGTERM')
      await pause(Math.random() * 5000)
      await job.pod(name).kill()
      await job.start(name)
      if (turn % 5 === 0) job.pod(name).signal('SIGTERM')
      await pause(Math.random() * 5000)
    }
    for (const [name, pod] of job.pods) if (pod.hasEnded) await job.start(name)
    await job.expectOnce()
    await watch.stop()
    console.log(
      `      longest standstill: ${watch.jobMs | 0} ms, of a partition ${watch.partitionMs | 0} ms`,
    )
    expect(watch.jobMs, 'ms in which nothing got on').to.be.below(STANDSTILL_MS)
  })

  it('do all exactly once though a function holds one of them up for longer than the session', async () => {
    const stalled = join(folder, 'stalled')
    const code = `import { existsSync, writeFileSync } from 'node:fs'
import { job, stream } from 'millrace'
const all = stream<{ id: number }>('in').filter('all', ({ value }) => {
  if (value.id === 3000 && !existsSync('${stalled}')) {
    writeFileSync('${stalled}', '')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${STALL_MS})
  }
  return value.id >= 0
})
export default job(
  all.to('${job.traffic.output}'),
  all
    .groupBy('by-group', ({ key, value }) => key + ' ' + value.id % 50)
    .count('counts')
    .to('${job.totals}'),
)`
    for (const pod of ['pod-0', 'pod-1']) await job.start(pod, {}, { code })
    job.traffic.feed()
    await eventually(() => expect(existsSync(stalled)).to.equal(true), SLOW)
    await pause(STALL_MS)
    await job.traffic.progress()
    await job.expectOnce()
    for (const [name, { hasEnded }] of job.pods) expect(hasEnded, name).to.equal(false)
  })

  it('do all exactly once when state outgrows the memory of one and the next has more', async () => {
    // Windows are kept in the heap: 20 kB for each record.
    const code = `import { job, stream, tumbling } from 'millrace'
const all = stream<{ id: number }>('in').filter('all', ({ value }) => value.id >= 0)
export default job(
  all.to('${job.traffic.output}'),
  all
    .groupBy('by-id', ({ value }) => String(value.id))
    .windowedBy(tumbling('1h'))
    .aggregate<{ n: number; pad: string }>('kept', {
      initial: () => ({ n: 0, pad: '' }),
      add: ({ n }, { value }) => ({ n: n + 1, pad: String(value.id).padEnd(20_000, ' ' + value.id) }),
    })
    .toStream()
    .mapValues('shown', ({ value }) => ({ n: value.n }))
    .to('${job.totals}'),
)`
    const small = await job.start('pod-0', {}, { code, heapMb: SMALL_HEAP_MB })
    job.traffic.feed()
    expect(await small.ended()).to.equal(1)
    expect(small.log).to.match(/ran out of memory: raise resources.limits.memory/)
    await job.start('pod-0', {}, { code, heapMb: 1024 })
    await job.untilAtWork('pod-0', 2 * PARTITIONS)
    const { records, duplicates } = await job.traffic.settle()
    expect(duplicates).to.equal(0)
    const totals = job.traffic.readAll(job.totals, PARTITIONS)
    await eventually(async () => {
      await totals.poll()
      expect(totals.records.length).to.equal(records)
    }, SLOW)
    expect(totals.records.every(({ value }) => value === '{"n":1}')).to.equal(true)
  })
})
