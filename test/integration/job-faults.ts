import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { missingForKafka } from '../kafka/jars.ts'
import type { RunningBroker } from '../kafka/java-broker.ts'
import { REPLICATED, type RunningKafka, startKafka } from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'
import { requireOrSkip } from '../support/skip.ts'
import { denials } from './denials.ts'
import { JobUnderFaults } from './job-under-faults.ts'
import { topicFaults } from './topic-faults.ts'

export interface FaultOptions {
  /** How many brokers are killed, one after the other. */
  readonly kills: number
  /** How long outages last, in ms: longer than the session of the job's group, 6 s. Unset: no outages, which take minutes. */
  readonly outageMs?: number
}

/** What a stateless job must outlast on three brokers, and how it ends when it cannot go on. */
export function jobFaults({ kills, outageMs }: FaultOptions): void {
  const LIMIT_MS = 120_000 + kills * 60_000 + (outageMs ?? 0) * 4
  let kafka: RunningKafka
  let job: JobUnderFaults

  before(async function () {
    this.timeout(180_000)
    requireOrSkip(this, await missingForKafka())
    kafka = await startKafka({
      brokers: 3,
      proxied: true,
      properties: [
        ...REPLICATED,
        'authorizer.class.name=kafka.security.authorizer.AclAuthorizer',
        'allow.everyone.if.no.acl.found=true',
      ],
    })
  })

  beforeEach(async function () {
    this.timeout(LIMIT_MS)
    job = new JobUnderFaults(kafka)
    await job.createTopics()
  })

  afterEach(async function () {
    this.timeout(LIMIT_MS)
    for (const { proxy } of kafka?.brokers ?? []) {
      if (proxy === undefined) continue
      proxy.traffic = 'pass'
      proxy.delayMs = 0
    }
    await job?.stop()
  })

  after(() => kafka?.stop())

  async function loseNothing(inject: (brokers: readonly RunningBroker[]) => Promise<void>) {
    const instance = job.start()
    job.feed()
    await job.progress()
    await inject(kafka.brokers)
    await job.progress()
    const outcome = await job.settle()
    expect(instance.status().state).to.equal('Running')
    return outcome
  }

  it('loses nothing when brokers are killed and come back', async function () {
    this.timeout(LIMIT_MS)
    await loseNothing(async (brokers) => {
      for (let count = 0; count < kills; count++) {
        const broker = brokers[count % brokers.length]
        await broker?.kill()
        await job.progress()
        await broker?.restart()
      }
    })
  })

  it('doubles nothing on a slow network that resets connections', async function () {
    this.timeout(LIMIT_MS)
    const { duplicates } = await loseNothing(async (brokers) => {
      for (const { proxy } of brokers) if (proxy !== undefined) proxy.delayMs = 150
      for (let count = 0; count < 5; count++) {
        await pause(500)
        brokers[count % brokers.length]?.proxy?.cut()
      }
    })
    expect(duplicates).to.equal(0)
  })

  it('reads megabytes in the first answer of each broker', async function () {
    this.timeout(LIMIT_MS)
    const pad = 'x'.repeat(900_000)
    for (let id = 0; id < 24; id++) job.write(`{"id":${id},"pad":"${pad}"}`, id % 6)
    await job.flush()
    const all = job.readAll(job.input, 6, { maxBytes: 24 * pad.length })
    await eventually(async () => {
      await all.poll()
      expect(all.records).to.have.length(24)
    })
  })

  it('sets poison aside and goes on with what is around it', async function () {
    this.timeout(LIMIT_MS)
    const deadLetters = `${job.clientId}-dead-letters`
    const instance = job.start({ onError: 'DeadLetter' })
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
    for (const value of ['{"id":1}', 'not json', deep, '{"other":1}', '{"id":2}']) job.write(value)
    await job.flush()
    await eventually(async () => expect(await job.produced()).to.equal(2), { timeoutMs: 30_000 })
    await eventually(() => expect(instance.status().counts.deadLettered).to.equal(3))
    expect(instance.status().state).to.equal('Running')
    expect(instance.status().internalTopics).to.include.members([deadLetters])
  })

  describe('whose topics change behind its back', () => topicFaults(() => ({ kafka, job })))

  describe('whose rights are taken away', () => denials(() => ({ kafka, job })))

  it('finds a broker that comes back at another address', async function () {
    this.timeout(LIMIT_MS)
    await loseNothing(async (brokers) => {
      const moved = brokers.at(-1)
      await moved?.move()
      const [first = ''] = kafka.bootstrapServers
      const elect = ['--election-type', 'preferred', '--all-topic-partitions']
      // It leads its partitions again once it has caught up.
      await eventually(
        () =>
          kafka.javaTool('org.apache.kafka.tools.LeaderElectionCommand', [
            ...['--bootstrap-server', first],
            ...elect,
          ]),
        { timeoutMs: 60_000, everyMs: 1000 },
      )
      await eventually(() => expect(moved?.proxy?.accepted).to.be.greaterThan(2))
    })
  })

  if (outageMs === undefined) return

  it('loses nothing when a broker stands still for longer than the session', async function () {
    this.timeout(LIMIT_MS)
    await loseNothing(async ([first]) => {
      first?.pause()
      await pause(outageMs)
      first?.resume()
    })
  })

  it('waits while too few replicas are in sync and while no broker is there, and goes on', async function () {
    this.timeout(LIMIT_MS)
    await loseNothing(async (brokers) => {
      const [first, ...others] = brokers
      await Promise.all(others.map((broker) => broker.kill()))
      await pause(outageMs / 2)
      await first?.kill()
      const cpuBefore = process.cpuUsage()
      await pause(outageMs / 2)
      const { user, system } = process.cpuUsage(cpuBefore)
      // The feed and the oracle of this process are counted too.
      expect((user + system) / 1000).to.be.lessThan((outageMs / 2) * 0.3)
      await Promise.all(brokers.map((broker) => broker.restart()))
    })
  })

  it('loses nothing when the replies of one broker are lost', async function () {
    this.timeout(LIMIT_MS)
    await loseNothing(async ([first]) => {
      if (first?.proxy === undefined) return
      first.proxy.traffic = 'no replies'
      await pause(outageMs)
      first.proxy.traffic = 'pass'
    })
  })

  it('obeys a quota', async function () {
    this.timeout(LIMIT_MS)
    const name = ['--entity-type', 'clients', '--entity-name', job.clientId]
    const configs = ['--bootstrap-server', kafka.bootstrapServers.join(','), ...name, '--alter']
    const set = (...change: string[]) =>
      kafka.javaTool('kafka.admin.ConfigCommand', [...configs, ...change])
    await set('--add-config', 'producer_byte_rate=8000,consumer_byte_rate=16000')
    const { duplicates } = await loseNothing(async () => {
      await pause(3000)
      await set('--delete-config', 'producer_byte_rate,consumer_byte_rate')
    })
    expect(duplicates).to.equal(0)
  })
}
