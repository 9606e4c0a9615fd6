import { setTimeout as pause } from 'node:timers/promises'
import { findCoordinatorV2 } from '@platformatic/kafka'
import { expect } from 'chai'
import { call } from '../../runtime/broker/kafka-call.ts'
import { KafkaConnections } from '../../runtime/broker/kafka-connections.ts'
import { systemClock } from '../../runtime/platform/clock.ts'
import { silentLogger } from '../../runtime/platform/silent-logger.ts'
import { JavaClients, missingForJavaClients } from '../kafka/java-clients.ts'
import type { RunningBroker } from '../kafka/java-broker.ts'
import { REPLICATED_TRANSACTIONS, type RunningKafka, startKafka } from '../kafka/kafka.ts'
import { requireOrSkip } from '../support/skip.ts'
import { PARTITIONS, StatefulJob } from './stateful-job.ts'

const PODS = ['pod-0', 'pod-1'] as const
const MAX_PAUSE_MS = 1500
const TRANSACTION_KEY = 1

/** A stateful job as processes on three brokers, and what is done to both. */
export function exactlyOnce({ kills }: { readonly kills: number }): void {
  const LIMIT_MS = 300_000 + kills * 20_000
  let kafka: RunningKafka
  let java: JavaClients
  let job: StatefulJob

  before(async function () {
    this.timeout(180_000)
    requireOrSkip(this, await missingForJavaClients())
    kafka = await startKafka({
      brokers: 3,
      properties: REPLICATED_TRANSACTIONS,
    })
    java = await JavaClients.start(kafka.bootstrapServers)
  })

  beforeEach(async function () {
    this.timeout(LIMIT_MS)
    job = new StatefulJob(kafka, java)
    await job.createTopics()
    job.traffic.feed()
  })

  afterEach(async function () {
    this.timeout(LIMIT_MS)
    await job?.stop({ show: this.currentTest?.state === 'failed' })
  })

  after(async () => {
    java?.stop()
    await kafka?.stop()
  })

  async function startAll(change = {}): Promise<void> {
    for (const pod of PODS) await job.start(pod, change)
    await job.traffic.progress()
  }

  async function killByTurns(times: number, change = {}): Promise<void> {
    for (let count = 0; count < times; count++) {
      const pod = PODS[count % PODS.length] ?? ''
      await pause(Math.random() * MAX_PAUSE_MS)
      await job.pod(pod).kill()
      await job.start(pod, change)
      await job.traffic.progress()
    }
  }

  async function coordinatorOf(transactionalId: string): Promise<RunningBroker> {
    const connections = new KafkaConnections({
      ...{ bootstrapServers: kafka.bootstrapServers, clientId: 'test', security: {} },
      ...{ clock: systemClock, random: Math.random, log: silentLogger },
    })
    try {
      const { coordinators } = await call(
        await connections.any(),
        { api: findCoordinatorV2.api, what: 'find a coordinator' },
        TRANSACTION_KEY,
        [transactionalId],
      )
      const found = kafka.brokers.find(({ id }) => id === coordinators[0]?.nodeId)
      if (found === undefined) throw new Error(`nobody coordinates ${transactionalId}`)
      return found
    } finally {
      await connections.close()
    }
  }

  it(`does all exactly once while its pods are killed ${kills} times`, async function () {
    this.timeout(LIMIT_MS)
    await startAll()
    await killByTurns(kills)
    await job.expectOnce()
  })

  it('loses nothing under AtLeastOnce while its pods are killed half as often', async function () {
    this.timeout(LIMIT_MS)
    await startAll({ guarantee: 'AtLeastOnce' })
    await killByTurns(kills / 2, { guarantee: 'AtLeastOnce' })
    await job.expectNothingLost()
  })

  it('does all exactly once when a pod stands still, loses its tasks and goes on', async function () {
    this.timeout(LIMIT_MS)
    await startAll()
    const [frozen, other] = PODS
    job.pod(frozen).signal('SIGSTOP')
    await job.untilAtWork(other, 2 * PARTITIONS)
    await job.traffic.progress()
    job.pod(frozen).signal('SIGCONT')
    await job.untilAtWork(frozen, PARTITIONS)
    await job.expectOnce()
  })

  it('does all exactly once when a pod stands still and another one comes under its name', async function () {
    this.timeout(LIMIT_MS)
    await startAll()
    const [name] = PODS
    const frozen = job.pod(name)
    frozen.signal('SIGSTOP')
    await job.start(name)
    await job.untilAtWork(name, PARTITIONS)
    await job.traffic.progress()
    frozen.signal('SIGCONT')
    expect(await frozen.ended()).to.equal(1)
    expect(frozen.log).to.match(/another process runs as \\?"pod-0-1/)
    await job.expectOnce()
  })

  it('does all exactly once when the coordinator of its transactions is killed', async function () {
    this.timeout(LIMIT_MS)
    await startAll()
    for (const pod of PODS) {
      const broker = await coordinatorOf(`${job.traffic.clientId}-${pod}-1`)
      await broker.kill()
      await job.traffic.progress()
      await broker.restart()
      await job.traffic.progress()
    }
    await job.expectOnce()
  })

  it('does all exactly once while its pods give way to a new version, and that to the old one', async function () {
    this.timeout(LIMIT_MS)
    const evens = `evens-${job.traffic.clientId}`
    await job.traffic.createTopics(evens)
    await startAll()
    for (const change of [job.withBranch('value.id % 2 == 0', evens), {}])
      for (const pod of PODS) {
        await job.untilAtWork(pod, PARTITIONS)
        expect(await job.end(pod)).to.equal(0)
        await job.start(pod, change)
      }
    await job.expectOnce()
  })
}
