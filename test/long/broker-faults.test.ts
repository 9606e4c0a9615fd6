import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { cpuSecondsOf } from '../bench/proc.ts'
import { PARTITIONS, SLOW, StatefulJob } from '../integration/stateful-job.ts'
import { JavaClients, missingForJavaClients } from '../kafka/java-clients.ts'
import {
  type KafkaOptions,
  REPLICATED_TRANSACTIONS,
  type RunningKafka,
  startKafka,
} from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'
import { missingForMounts } from '../support/mounts.ts'
import { requireOrSkip } from '../support/skip.ts'

const PODS = ['pod-0', 'pod-1'] as const
const OUTAGE_MS = 60_000
/** Longer than any one answer is waited for. */
const LONG_OUTAGE_MS = 90_000
/** Of a core, while no broker is there. */
const MAX_IDLE_CPU = 0.1
const MAX_LINES_A_SECOND = 1

const FULL_DISK = 'the disk of one is full'

/** What is done to the brokers of a stateful job under ExactlyOnce, and goes by without a restart of its pods. */
describe('the brokers of a stateful job, for long', function () {
  breakBrokers.call(this, (what) => what !== FULL_DISK)
})

/** That disk is gone with its broker: one that came back with nothing, while others were away, would lose what all had. */
describe('the brokers of a stateful job, one with a small disk, for long', function () {
  breakBrokers.call(this, (what) => what === FULL_DISK, { firstDisk: '1g' })
})

function breakBrokers(
  this: Mocha.Suite,
  isWanted: (what: string) => boolean,
  options: Pick<KafkaOptions, 'firstDisk'> = {},
): void {
  this.timeout(900_000)
  let kafka: RunningKafka
  let java: JavaClients
  let job: StatefulJob

  before(async function () {
    requireOrSkip(this, missingForMounts() ?? (await missingForJavaClients()))
    kafka = await startKafka({
      brokers: 3,
      proxied: true,
      ...options,
      properties: REPLICATED_TRANSACTIONS,
    })
    java = await JavaClients.start(kafka.bootstrapServers)
  })

  beforeEach(async () => {
    job = new StatefulJob(kafka, java)
    await job.createTopics()
    job.traffic.feed()
    for (const pod of PODS) await job.start(pod)
    for (const pod of PODS) await job.untilAtWork(pod, PARTITIONS)
    await job.traffic.progress()
  })

  afterEach(async function () {
    for (const { proxy } of kafka?.brokers ?? []) if (proxy !== undefined) proxy.traffic = 'pass'
    await job?.stop({ show: this.currentTest?.state === 'failed' })
  })

  after(async () => {
    java?.stop()
    await kafka?.stop()
  })

  async function killInTurn(): Promise<void> {
    for (let round = 0; round < 5; round++)
      for (const broker of kafka.brokers) {
        await broker.kill()
        await job.traffic.progress()
        await broker.restart()
        await job.traffic.progress()
      }
  }

  async function freezeFor(ms: number): Promise<void> {
    for (const broker of kafka.brokers) {
      broker.pause()
      await pause(ms)
      broker.resume()
      await job.traffic.progress()
    }
  }

  async function loseReplies(): Promise<void> {
    for (const { proxy } of kafka.brokers) {
      if (proxy === undefined) throw new Error('there is nobody to lose replies')
      proxy.traffic = 'no replies'
      await pause(OUTAGE_MS / 2)
      proxy.traffic = 'pass'
      await job.traffic.progress()
    }
  }

  async function fallBelowMinimum(): Promise<void> {
    const [, ...others] = kafka.brokers
    await Promise.all(others.map((broker) => broker.kill()))
    await pause(OUTAGE_MS / 2)
    await Promise.all(others.map((broker) => broker.restart()))
  }

  /** What pods use and say meanwhile, one that runs and one that starts. */
  async function loseAll(): Promise<void> {
    await Promise.all(kafka.brokers.map((broker) => broker.kill()))
    const [, late] = PODS
    await job.pod(late).kill()
    await job.start(late)
    await eventually(async () => expect(await job.pod(late).probe('/healthz')).to.equal(200), SLOW)
    const before = PODS.map(spent)
    await pause(LONG_OUTAGE_MS)
    for (const [index, pod] of PODS.entries()) {
      const [cpuBefore = 0, linesBefore = 0] = before[index] ?? []
      const [cpu = 0, lines = 0] = spent(pod)
      const seconds = LONG_OUTAGE_MS / 1000
      expect((cpu - cpuBefore) / seconds, `cores that ${pod} used`).to.be.below(MAX_IDLE_CPU)
      expect((lines - linesBefore) / seconds, `lines that ${pod} wrote a second`).to.be.below(
        MAX_LINES_A_SECOND,
      )
      expect(await job.pod(pod).probe('/healthz'), `${pod} lives`).to.equal(200)
      expect(await job.pod(pod).probe('/readyz'), `${pod} is not ready`).to.equal(503)
    }
    const { lastError } = await job.pod(late).status()
    expect(lastError?.reason).to.equal('Unreachable')
    await Promise.all(kafka.brokers.map((broker) => broker.restart()))
  }

  const spent = (pod: string) => {
    const { pid = 0, log } = job.pod(pod)
    return [cpuSecondsOf(pid), log.split('\n').length] as const
  }

  async function fillDisk(): Promise<void> {
    const [first] = kafka.brokers
    await first?.fillDisk()
    await job.traffic.progress()
    await first?.restart()
    await job.traffic.progress()
  }

  /** Brokers go on serving what they lead; the next one to be lost is replaced again once ZooKeeper is back. */
  async function loseZooKeeper(): Promise<void> {
    await kafka.zookeeper.kill()
    for (let second = 0; second < OUTAGE_MS / 2000; second++) {
      await pause(1000)
      await job.traffic.progress()
    }
    await kafka.zookeeper.restart()
    const [first] = kafka.brokers
    await first?.kill()
    await job.traffic.progress()
    await first?.restart()
  }

  const faults: readonly (readonly [what: string, inject: () => Promise<void>])[] = [
    ['each is killed in turn, five times', killInTurn],
    ['each stands still for five seconds', () => freezeFor(5000)],
    ['each stands still for longer than the session', () => freezeFor(OUTAGE_MS / 2)],
    ['the replies of each are lost for half a minute', loseReplies],
    ['too few are left to write to', fallBelowMinimum],
    ['all are gone', loseAll],
    ['ZooKeeper is gone', loseZooKeeper],
    [FULL_DISK, fillDisk],
  ]
  for (const [what, inject] of faults.filter(([fault]) => isWanted(fault))) {
    it(`leave all done exactly once when ${what}`, async () => {
      await inject()
      await job.traffic.progress()
      await job.expectOnce()
      for (const [name, { hasEnded, log }] of job.pods)
        expect(hasEnded, `${name} has ended:\n${log.slice(-2000)}`).to.equal(false)
    })
  }
}
