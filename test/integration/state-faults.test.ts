import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Admin } from 'kafkajs'
import { blockHead, FORMAT } from '../../runtime/state/snapshot-format.ts'
import { readSnapshot } from '../../runtime/state/snapshot-reader.ts'
import { connectedAdmin } from '../kafka/admin.ts'
import { JavaClients, missingForJavaClients } from '../kafka/java-clients.ts'
import { sharedKafka } from '../kafka/shared.ts'
import { eventually } from '../support/eventually.ts'
import { missingForMounts } from '../support/mounts.ts'
import { requireOrSkip } from '../support/skip.ts'
import { PARTITIONS, SLOW, StatefulJob } from './stateful-job.ts'
import { countsBySecond, expectCountsBySecond } from './windowed-counts.ts'

const HOUR_MS = 60 * 60 * 1000
const TASKS = 2 * PARTITIONS
const OTHER_FORMAT = 'millrace-snapshot/0'
const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)

function withFlippedBit(bytes: Uint8Array): Uint8Array {
  const middle = bytes.length >> 1
  return bytes.with(middle, (bytes[middle] ?? 0) ^ 1)
}

/** What is done to a snapshot → what the log says of it, if anything. */
const damages: readonly (readonly [harm: (file: string) => Promise<void>, says?: RegExp])[] = [
  [(file) => rewrite(file, withFlippedBit), /fails its CRC/],
  [(file) => rewrite(file, (bytes) => bytes.subarray(0, -5)), /it ends in the middle/],
  [
    (file) => rewrite(file, (bytes) => Buffer.concat([headOf(OTHER_FORMAT), bytes])),
    new RegExp(`its format is ${OTHER_FORMAT}, not ${FORMAT}`),
  ],
  [(file) => rm(file)],
]

function headOf(format: string): Uint8Array {
  const bytes = Buffer.from(JSON.stringify({ format }))
  return Buffer.concat([blockHead('head', bytes, 0).head, bytes])
}

const rewrite = async (file: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void> =>
  writeFile(file, change(new Uint8Array(await readFile(file))))

describe('the state of a job on a real Kafka', function () {
  this.timeout(240_000)
  let java: JavaClients
  let admin: Admin
  let directory: string
  let job: StatefulJob

  before(async function () {
    requireOrSkip(this, missingForMounts() ?? (await missingForJavaClients()))
    const { bootstrapServers } = await sharedKafka()
    java = await JavaClients.start(bootstrapServers)
    admin = await connectedAdmin(bootstrapServers)
  })

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-state-'))
    job = new StatefulJob(await sharedKafka(), java, {
      stateDir: directory,
      snapshotIntervalMs: 1000,
    })
    await job.createTopics()
    job.traffic.feed()
  })

  afterEach(async function () {
    await job?.stop({ show: this.currentTest?.state === 'failed' })
    rmSync(directory, { recursive: true })
  })

  after(async () => {
    java?.stop()
    await admin?.disconnect()
  })

  const statusOf = (pod: string) => job.pod(pod).status()

  const snapshotOf = (partition: number): string =>
    join(directory, job.changelog, `${partition}.snapshot`)

  /** The first snapshots may be of empty stores. */
  async function killWithSnapshots(): Promise<void> {
    await eventually(async () => {
      const { written } = (await statusOf('pod-0')).snapshots
      expect(written).to.be.at.least(3 * PARTITIONS)
    }, SLOW)
    await job.traffic.progress()
    await job.pod('pod-0').kill()
  }

  /** Where each snapshot says that its changelog is to be read from; 0 without one. */
  async function starts(): Promise<readonly number[]> {
    const use = { onHead: () => undefined, take: () => undefined, isInterrupted: () => false }
    const read = (partition: number) => readSnapshot(snapshotOf(partition), use)
    return Promise.all(partitions.map(async (partition) => (await read(partition))?.start ?? 0))
  }

  async function entriesBetween(from: readonly number[], ends: ReadonlyMap<number, number>) {
    let entries = 0
    for (const partition of partitions) {
      const records = await java.consume(job.changelog, { partition, from: from[partition] ?? 0 })
      entries += records.filter(({ offset }) => offset < (ends.get(partition) ?? 0)).length
    }
    return entries
  }

  /** Starts the pod that was killed, and returns what it took from snapshots, and from changelogs as of their ends then. */
  async function restart(from: readonly number[]) {
    const offsets = await admin.fetchTopicOffsets(job.changelog)
    const ends = new Map(offsets.map(({ partition, high }) => [partition, Number(high)]))
    const pod = await job.start('pod-0')
    await job.untilAtWork('pod-0', TASKS)
    const { restored } = await statusOf('pod-0')
    const [whole, tail] = [await entriesBetween([], ends), await entriesBetween(from, ends)]
    return { pod, restored, whole, tail }
  }

  it('comes from snapshots and the end of its changelog after kill -9, and from all of it where they are damaged', async () => {
    await job.start('pod-0')
    await killWithSnapshots()
    const first = await restart(await starts())
    expect(first.restored.changelog).to.equal(first.tail)
    expect(first.tail).to.be.below(first.whole)
    expect(first.restored.snapshot).to.be.above(0)
    await killWithSnapshots()
    const from = [...(await starts())]
    for (const [partition, [harm]] of damages.entries()) {
      await harm(snapshotOf(partition))
      from[partition] = 0
    }
    const second = await restart(from)
    expect(second.restored.changelog).to.equal(second.tail)
    for (const [partition, [, says]] of damages.entries())
      if (says !== undefined) expect(said(second.pod.log, snapshotOf(partition))).to.match(says)
    await job.expectOnce()
  })

  it('comes from the changelog where no disk takes its snapshots', async () => {
    const disks = [
      ['smallDisk', /cannot write snapshots of state.*ENOSPC/],
      // Node does not say EROFS of a directory that it cannot make.
      ['readOnlyDisk', /cannot write snapshots of state.*ENOENT/],
    ] as const
    for (const [disk, says] of disks) {
      const pod = await job.start('pod-0', {}, { [disk]: directory })
      await job.untilAtWork('pod-0', TASKS)
      await eventually(
        async () => expect((await statusOf('pod-0')).snapshots.failed).to.be.at.least(1),
        SLOW,
      )
      expect(said(pod.log, directory)).to.match(says)
      await job.traffic.progress()
      await pod.kill()
    }
    await job.start('pod-0')
    await job.expectOnce()
  })

  it('goes by the time of records, whatever the clocks of its pods say', async () => {
    const clocks = [HOUR_MS, -HOUR_MS] as const
    const change = countsBySecond(job)
    const [ahead, behind] = clocks.map((clockAheadMs) => ({ clockAheadMs }))
    await job.start('pod-0', change, ahead)
    await job.start('pod-1', change, behind)
    await job.untilAtWork('pod-0', PARTITIONS)
    await job.traffic.progress()
    await job.pod('pod-0').kill()
    await job.start('pod-0', change, behind)
    await job.untilAtWork('pod-0', PARTITIONS)
    await job.traffic.progress()
    await job.pod('pod-1').kill()
    await job.start('pod-1', change, ahead)
    await expectCountsBySecond(job, java)
  })

  it('is not begun anew in silence when its changelog was deleted', async () => {
    await job.start('pod-0')
    await killWithSnapshots()
    await admin.deleteTopics({ topics: [job.changelog] })
    const pod = await job.start('pod-0')
    expect(await pod.ended()).to.equal(1)
    expect(pod.log).to.match(/DataLoss/)
    expect(pod.log).to.contain(`${job.changelog} was deleted`)
    await job.start('pod-0', { onDataLoss: 'Continue' })
    await job.untilAtWork('pod-0', TASKS)
    await job.traffic.settle()
  })

  it('is not taken for whole when a repartition topic was deleted under it', async () => {
    const { repartition } = job
    await job.start('pod-0')
    await killWithSnapshots()
    await admin.deleteTopics({ topics: [repartition] })
    const pod = await job.start('pod-0')
    expect(await pod.ended()).to.equal(1)
    expect(pod.log).to.match(/DataLoss/)
    expect(pod.log).to.contain(`${repartition} was deleted`)
    await job.start('pod-0', { onDataLoss: 'Continue' })
    await job.untilAtWork('pod-0', TASKS)
    await job.traffic.settle()
  })

  it('is not misread when a step keeps it in another form, and goes on when the step computes more', async () => {
    await job.start('pod-0')
    await killWithSnapshots()
    const other = await job.start('pod-0', countsBySecond(job))
    expect(await other.ended()).to.equal(1)
    expect(other.log).to.match(/StateLoss.*counts\\" kept its state in another form/)
    const aggregate = { n: 'count()', last: 'max(value.id)' }
    const more = await job.start('pod-0', job.counting({ aggregate }))
    await job.untilAtWork('pod-0', TASKS)
    expect(said(more.log, directory)).to.match(/the store was laid out in another way/)
    await job.expectOnce()
  })
})

const said = (log: string, about: string): string =>
  log.split('\n').find((line) => line.includes(about) && line.includes('snapshot')) ?? ''
