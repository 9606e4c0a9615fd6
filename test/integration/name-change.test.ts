import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { missingForKafka } from '../kafka/jars.ts'
import { type RunningKafka, startKafka } from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'
import { InstanceProcess } from '../support/instance-process.ts'
import { missingForMounts } from '../support/mounts.ts'
import { requireOrSkip } from '../support/skip.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { JobUnderFaults } from './job-under-faults.ts'

const NAME = 'kafka.test'

/** Kafka is known by a name alone, to those who start with it and to those whom it tells of itself, as in Kubernetes. */
describe('a job whose Kafka gets another address under its name', function () {
  this.timeout(180_000)
  let kafka: RunningKafka
  let port: number
  let folder: string
  let hostsFile: string
  let relays: TcpProxy[]
  let job: JobUnderFaults
  let pod: InstanceProcess | undefined

  before(async function () {
    requireOrSkip(this, missingForMounts() ?? (await missingForKafka()))
    kafka = await startKafka({ advertisedHost: NAME })
    port = Number(kafka.bootstrapServers[0]?.split(':')[1])
  })

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-hosts-'))
    hostsFile = join(folder, 'hosts')
    relays = []
    pod = undefined
    // The feed and the oracle know the broker as brokers know each other.
    const bootstrapServers = kafka.brokers.map(({ address }) => address)
    job = new JobUnderFaults({ ...kafka, bootstrapServers })
    await job.createTopics()
  })

  afterEach(async () => {
    await pod?.kill()
    await job?.stop()
    await Promise.all(relays.map((relay) => relay.close()))
    rmSync(folder, { recursive: true })
  })

  after(() => kafka?.stop())

  const leadTo = (host: string) => writeFileSync(hostsFile, `${host} ${NAME}\n`)

  async function relayAt(host: string): Promise<TcpProxy> {
    const relay = await TcpProxy.to(port, { host, port })
    relays.push(relay)
    return relay
  }

  const start = () => {
    const { bootstrapServers } = kafka
    const config = job.config({ kafka: { bootstrapServers: [...bootstrapServers] } })
    return InstanceProcess.start(config, { instanceId: 'pod-0', hostsFile })
  }

  it('goes on at the new one', async () => {
    const old = await relayAt('127.0.0.2')
    leadTo('127.0.0.2')
    pod = await start()
    job.feed()
    await job.progress()
    await old.close()
    await relayAt('127.0.0.3')
    leadTo('127.0.0.3')
    await job.progress()
    await job.settle()
  })

  it('finds it there, though it started before anybody was', async () => {
    leadTo('127.0.0.2')
    pod = await start()
    job.feed()
    const early = pod
    await eventually(() => expect(early.log).to.match(/kafka\.test:\d+/), {
      timeoutMs: 30_000,
    })
    await relayAt('127.0.0.3')
    leadTo('127.0.0.3')
    await job.progress()
    await job.settle()
  })
})
