import { setTimeout as pause } from 'node:timers/promises'
import { findCoordinatorV2 } from '@platformatic/kafka'
import { expect } from 'chai'
import { call } from '../../runtime/broker/kafka-call.ts'
import { KafkaConnections } from '../../runtime/broker/kafka-connections.ts'
import { systemClock } from '../../runtime/platform/clock.ts'
import { silentLogger } from '../../runtime/platform/logger.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { type RunningBroker, type RunningKafka, startKafka } from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'
import { InstanceProcess } from '../support/instance-process.ts'
import { requireOrSkip } from '../support/skip.ts'
import { JobUnderFaults } from './job-under-faults.ts'

const PODS = ['pod-0', 'pod-1'] as const
const SESSION_MS = 6000
const MAX_PAUSE_MS = 1500
const TRANSACTION_KEY = 1
const SLOW = { timeoutMs: 90_000, everyMs: 200 }

/** A stateful job under ExactlyOnce as processes on three brokers, and what is done to both. */
export function exactlyOnce({ kills }: { readonly kills: number }): void {
  const LIMIT_MS = 300_000 + kills * 20_000
  let kafka: RunningKafka
  let job: JobUnderFaults
  let totals: string
  let pods: Map<string, InstanceProcess>
  let started: InstanceProcess[]

  before(async function () {
    this.timeout(180_000)
    requireOrSkip(this, await missingForKafka())
    kafka = await startKafka({
      brokers: 3,
      properties: [
        'default.replication.factor=3',
        'min.insync.replicas=2',
        'transaction.state.log.min.isr=2',
        'transaction.abort.timed.out.transaction.cleanup.interval.ms=1000',
      ],
    })
  })

  beforeEach(async function () {
    this.timeout(LIMIT_MS)
    job = new JobUnderFaults(kafka)
    totals = `totals-${job.clientId}`
    pods = new Map()
    started = []
    await job.createTopics(totals)
    job.feed()
    for (const pod of PODS) await start(pod)
    await job.progress()
  })

  afterEach(async function () {
    this.timeout(LIMIT_MS)
    for (const pod of started ?? []) pod.signal('SIGCONT')
    await Promise.all((started ?? []).map((pod) => pod.kill()))
    await job?.stop()
  })

  after(() => kafka?.stop())

  async function start(pod: string): Promise<InstanceProcess> {
    const config = job.config({
      guarantee: 'ExactlyOnce',
      commitIntervalMs: 100,
      sessionTimeoutMs: SESSION_MS,
      steps: [
        { name: 'all', from: 'in', filter: 'value.id >= 0' },
        { name: 'counts', from: 'all', groupBy: '"of " + key', aggregate: { n: 'count()' } },
      ],
      outputs: [
        { from: 'all', topic: job.output },
        { from: 'counts', topic: totals },
      ],
    })
    const instance = await InstanceProcess.start(config, { instanceId: pod })
    pods.set(pod, instance)
    started.push(instance)
    return instance
  }

  /** Lines as Kafka's own consumer prints them, one more than there should be if there is one more. */
  async function consoleLines(topic: string, count: number): Promise<readonly string[]> {
    const output = await kafka.javaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      ...['--bootstrap-server', kafka.bootstrapServers.join(','), '--topic', topic],
      ...[
        '--from-beginning',
        '--isolation-level',
        'read_committed',
        '--property',
        'print.key=true',
      ],
      ...['--max-messages', `${count + 1}`, '--timeout-ms', '10000'],
    ])
    return output.trimEnd().split('\n')
  }

  const inOrder = (lines: readonly string[]): ReadonlyMap<string, readonly unknown[]> => {
    const cells = lines.map((line) => line.split('\t'))
    const byKey = Map.groupBy(cells, ([key = '']) => key)
    return new Map(
      [...byKey].map(([key, list]) => [
        key,
        list.map(([, value = '']) => JSON.parse(value) as unknown),
      ]),
    )
  }

  /** Every record once and in order, every count once and in order: by our own reader and by Kafka's. */
  async function expectOnce(): Promise<void> {
    const { records, duplicates } = await job.settle()
    expect(duplicates, 'records that came twice').to.equal(0)
    const counted = job.readAll(totals, 6)
    await eventually(async () => {
      await counted.poll()
      expect(counted.records.length).to.be.at.least(records)
    }, SLOW)
    const [out, sums] = await Promise.all([
      consoleLines(job.output, records),
      consoleLines(totals, records),
    ])
    expect([out.length, sums.length]).to.deep.equal([records, records])
    for (const [key, list] of inOrder(sums))
      expect(list, `counts of ${key}`).to.deep.equal(list.map((_, index) => ({ n: index + 1 })))
    const ids = out.map((line) => (JSON.parse(line.split('\t')[1] ?? '') as { id: number }).id)
    expect(new Set(ids).size, 'ids').to.equal(records)
  }

  const tasksOf = async (pod: string): Promise<number> =>
    (await pods.get(pod)?.status())?.tasks.filter(({ state }) => state === 'Running').length ?? 0

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
    for (let count = 0; count < kills; count++) {
      const pod = PODS[count % PODS.length] ?? ''
      await pause(Math.random() * MAX_PAUSE_MS)
      await pods.get(pod)?.kill()
      await start(pod)
      await job.progress()
    }
    await expectOnce()
  })

  it('does all exactly once when a pod stands still, loses its tasks and goes on', async function () {
    this.timeout(LIMIT_MS)
    const [frozen, other] = PODS
    pods.get(frozen)?.signal('SIGSTOP')
    await eventually(async () => expect(await tasksOf(other)).to.equal(12), SLOW)
    await job.progress()
    pods.get(frozen)?.signal('SIGCONT')
    await eventually(async () => expect(await tasksOf(frozen)).to.equal(6), SLOW)
    await expectOnce()
  })

  it('does all exactly once when a pod stands still and another one comes under its name', async function () {
    this.timeout(LIMIT_MS)
    const [name] = PODS
    const frozen = pods.get(name)
    frozen?.signal('SIGSTOP')
    await start(name)
    await eventually(async () => expect(await tasksOf(name)).to.equal(6), SLOW)
    await job.progress()
    frozen?.signal('SIGCONT')
    expect(await frozen?.ended()).to.equal(1)
    expect(frozen?.log).to.match(/another process runs as \\?"pod-0-1/)
    await expectOnce()
  })

  it('does all exactly once when the coordinator of its transactions is killed', async function () {
    this.timeout(LIMIT_MS)
    for (const pod of PODS) {
      const broker = await coordinatorOf(`${job.clientId}-${pod}-1`)
      await broker.kill()
      await job.progress()
      await broker.restart()
      await job.progress()
    }
    await expectOnce()
  })
}
