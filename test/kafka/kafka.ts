import { closeSync, mkdirSync, mkdtempSync, openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { eventually } from '../support/eventually.ts'
import { freePorts } from '../support/free-ports.ts'
import { disk, mounting } from '../support/mounts.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { kafkaJars } from './jars.ts'
import { JavaProcesses } from './java-processes.ts'

export interface RunningKafka {
  readonly bootstrapServers: readonly string[]
  readonly brokers: readonly RunningBroker[]
  readonly zookeeper: Pick<RunningBroker, 'kill' | 'restart'>
  readonly libsDir: string
  /** Of ZooKeeper and the brokers. */
  readonly pids: readonly number[]
  /** One a broker: a folder for each partition, with its segments. */
  readonly dataDirs: readonly string[]
  /** Runs one of Kafka's Java tools to its end and returns what it printed. */
  javaTool(mainClass: string, args: readonly string[], input?: string): Promise<string>
  stop(): Promise<void>
}

export interface RunningBroker {
  readonly id: number
  /** `host:port` at which brokers reach it, whatever clients go through. */
  readonly address: string
  /** What clients go through to reach it, when started with `proxied`. */
  readonly proxy: TcpProxy | undefined
  pause(): void
  resume(): void
  /** As the kernel's OOM killer would: nothing is handed over. */
  kill(): Promise<void>
  /** Starts it again with its data, and waits until it serves. */
  restart(): Promise<void>
  /** Leaves no room on the disk that it has to itself, and waits until it ends of that. It starts again with an empty one. */
  fillDisk(): Promise<void>
  /** The same at another address, as a pod that is scheduled anew; nobody answers at the old one. For `proxied` brokers. */
  move(): Promise<void>
}

/** Of three brokers, each of which may be lost. */
export const REPLICATED = ['default.replication.factor=3', 'min.insync.replicas=2'] as const

/** The same, and nobody waits long for a transaction that nobody ends. */
export const REPLICATED_TRANSACTIONS = [
  ...REPLICATED,
  'transaction.state.log.min.isr=2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms=1000',
] as const

export interface KafkaOptions {
  readonly brokers?: number
  /** Clients reach each broker through a relay that can lose and cut; brokers reach each other directly. */
  readonly proxied?: boolean
  /** The name by which brokers tell clients to reach them, by default 127.0.0.1, which they listen at in any case. */
  readonly advertisedHost?: string
  /** Settings for all brokers, added to ours. */
  readonly properties?: readonly string[]
  /** Listeners beside the plain one. */
  readonly listeners?: readonly ExtraListener[]
  /** How large the disk is that the first broker has to itself, such as `512m`; see `missingForMounts`. */
  readonly firstDisk?: string
  /** Where its folder is made, by default among other temporary files. */
  readonly parent?: string
  /** Of each broker, as Java writes sizes. */
  readonly heap?: string
  readonly log?: (line: string) => void
}

export interface ExtraListener {
  /** Such as `SASL_SSL`: the name of a security protocol is also the listener's. */
  readonly protocol: string
  readonly port: number
}

const LOOPBACK = '127.0.0.1'
const START_MS = 60_000
/** Short, so that a killed broker is replaced as leader within seconds. */
const ZOOKEEPER_TICK_MS = 1000

/**
 * A real Kafka in ZooKeeper mode: Java processes on free loopback ports, data in a temporary folder. They end with
 * `stop()`, and with this process.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const { brokers: count = 1, heap = '512m', log = () => undefined, proxied = false } = options
  const { advertisedHost = LOOPBACK, firstDisk, parent = tmpdir() } = options
  const libsDir = await kafkaJars(log)
  const dir = mkdtempSync(join(parent, 'millrace-kafka-'))
  const [zookeeperPort = 0, ...ports] = await freePorts(count * 2 + 1)
  const proxies = proxied ? await Promise.all(ports.slice(0, count).map((p) => TcpProxy.to(p))) : []
  const java = new JavaProcesses(dir, libsDir)
  java.start('zookeeper', ZOOKEEPER, [
    `dataDir=${join(dir, 'zookeeper-data')}`,
    `clientPort=${zookeeperPort}`,
    'clientPortAddress=127.0.0.1',
    'admin.enableServer=false',
    `tickTime=${ZOOKEEPER_TICK_MS}`,
  ])
  const brokers = Array.from({ length: count }, (_, id) => {
    const [port = 0, internalPort = 0] = [ports[id], ports[count + id]]
    const proxy = proxies[id]
    const settings = { dir, id, port, internalPort, count, zookeeperPort, options }
    const runner = id === 0 && firstDisk !== undefined ? diskAt(dataDir(dir, id), firstDisk) : []
    const program = { ...BROKER, heap, runner }
    const start = (advertised: number) =>
      java.start(nameOf(id), program, brokerProperties({ ...settings, advertised }))
    start(proxy?.port ?? port)
    const others = ports.slice(count).filter((one) => one !== internalPort)
    return new JavaBroker({
      id,
      proxy,
      java,
      address: `127.0.0.1:${internalPort}`,
      port,
      dataDir: dataDir(dir, id),
      start,
      others: others.map((one) => `127.0.0.1:${one}`),
    })
  })
  await servingAll(
    brokers.map(({ address }) => address),
    java,
  )
  return {
    bootstrapServers: ports
      .slice(0, count)
      .map((port, id) => `${advertisedHost}:${proxies[id]?.port ?? port}`),
    brokers,
    zookeeper: {
      kill: () => java.kill('zookeeper'),
      restart: async () => java.restart('zookeeper'),
    },
    libsDir,
    pids: java.pids,
    dataDirs: brokers.map(({ id }) => dataDir(dir, id)),
    javaTool: (mainClass, args, input) => java.tool(mainClass, args, input),
    stop: async () => {
      await Promise.all(brokers.flatMap(({ proxy }) => proxy?.close() ?? []))
      await java.stop()
    },
  }
}

const ZOOKEEPER = {
  mainClass: 'org.apache.zookeeper.server.quorum.QuorumPeerMain',
  heap: '256m',
} as const
const BROKER = { mainClass: 'kafka.Kafka' } as const

const nameOf = (id: number) => `broker-${id}`

interface BrokerParts {
  readonly id: number
  readonly proxy: TcpProxy | undefined
  readonly java: JavaProcesses
  /** Where other brokers reach it. */
  readonly address: string
  /** Where clients do, but for the proxy. */
  readonly port: number
  readonly dataDir: string
  readonly start: (advertisedPort: number) => void
  /** Addresses of the other brokers. */
  readonly others: readonly string[]
}

function diskAt(path: string, size: string): readonly string[] {
  mkdirSync(path, { recursive: true })
  return mounting(disk(`size=${size}`), path)
}

function writeUntilFull(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(1 << 20))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
}

function expectEnded(pid: number | undefined): void {
  if (pid !== undefined) throw new Error(`broker process ${pid} goes on`)
}

function expectGone(id: number, ids: readonly number[]): void {
  if (ids.includes(id)) throw new Error(`broker ${id} is still registered`)
}

async function registered(addresses: readonly string[]): Promise<number[]> {
  const admin = new Kafka({ brokers: [...addresses], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const { brokers } = await admin.describeCluster()
  await admin.disconnect()
  return brokers.map(({ nodeId }) => nodeId)
}

class JavaBroker implements RunningBroker {
  readonly id: number
  readonly address: string
  readonly #parts: BrokerParts
  readonly #java: JavaProcesses
  #proxy: TcpProxy | undefined

  constructor(parts: BrokerParts) {
    this.id = parts.id
    this.address = parts.address
    this.#parts = parts
    this.#java = parts.java
    this.#proxy = parts.proxy
  }

  get proxy(): TcpProxy | undefined {
    return this.#proxy
  }

  pause(): void {
    this.#java.signal(nameOf(this.id), 'SIGSTOP')
  }

  resume(): void {
    this.#java.signal(nameOf(this.id), 'SIGCONT')
  }

  kill(): Promise<void> {
    return this.#java.kill(nameOf(this.id))
  }

  async restart(): Promise<void> {
    this.#java.restart(nameOf(this.id))
    await servingAll([this.address], this.#java)
  }

  async fillDisk(): Promise<void> {
    const pid = this.#java.pidOf(nameOf(this.id))
    // Others see what it has mounted below its root.
    writeUntilFull(join(`/proc/${pid}/root`, this.#parts.dataDir, 'filler'))
    await eventually(() => expectEnded(this.#java.pidOf(nameOf(this.id))), { timeoutMs: START_MS })
  }

  async move(): Promise<void> {
    const { port, start, others } = this.#parts
    await this.kill()
    // ZooKeeper holds its registration until the session is over.
    await eventually(async () => expectGone(this.id, await registered(others)), {
      timeoutMs: START_MS,
      everyMs: 250,
    })
    await this.#proxy?.close()
    this.#proxy = await TcpProxy.to(port)
    start(this.#proxy.port)
    await servingAll([this.address], this.#java)
  }
}

const dataDir = (dir: string, id: number) => join(dir, `broker-${id}-data`)

interface BrokerSettings {
  readonly dir: string
  readonly id: number
  readonly port: number
  readonly internalPort: number
  readonly advertised: number
  readonly count: number
  readonly zookeeperPort: number
  readonly options: KafkaOptions
}

function brokerProperties(settings: BrokerSettings): string[] {
  const { dir, id, port, internalPort, advertised, count, zookeeperPort, options } = settings
  const { listeners = [], properties = [], advertisedHost = LOOPBACK } = options
  const extra = listeners.map((one) => `,${one.protocol}://127.0.0.1:${one.port}`).join('')
  const protocols = listeners.map(({ protocol }) => `,${protocol}:${protocol}`).join('')
  return [
    `broker.id=${id}`,
    `listeners=INTERNAL://127.0.0.1:${internalPort},PLAINTEXT://127.0.0.1:${port}${extra}`,
    `advertised.listeners=INTERNAL://127.0.0.1:${internalPort},PLAINTEXT://${advertisedHost}:${advertised}${extra}`,
    `listener.security.protocol.map=INTERNAL:PLAINTEXT,PLAINTEXT:PLAINTEXT${protocols}`,
    'inter.broker.listener.name=INTERNAL',
    `log.dirs=${dataDir(dir, id)}`,
    `zookeeper.session.timeout.ms=${ZOOKEEPER_TICK_MS * 4}`,
    `zookeeper.connect=127.0.0.1:${zookeeperPort}`,
    `offsets.topic.replication.factor=${Math.min(count, 3)}`,
    `transaction.state.log.replication.factor=${Math.min(count, 3)}`,
    'transaction.state.log.min.isr=1',
    'offsets.topic.num.partitions=8',
    'auto.create.topics.enable=false',
    'group.initial.rebalance.delay.ms=0',
    'log.cleaner.dedupe.buffer.size=4194304',
    'log.cleaner.backoff.ms=500',
    // Tests write records of any time; retention goes by that and would remove them half a minute after the start.
    'log.retention.ms=-1',
    ...properties,
  ]
}

/** Ready means that a client sees every broker, not that a port is open. */
async function servingAll(addresses: readonly string[], java: JavaProcesses): Promise<void> {
  const kafka = new Kafka({
    brokers: [...addresses],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  })
  const admin = kafka.admin()
  await eventually(
    async () => {
      java.failIfEnded()
      await admin.connect()
      const { brokers } = await admin.describeCluster()
      const serving = new Set(brokers.map(({ host, port }) => `${host}:${port}`))
      const waiting = addresses.filter((address) => !serving.has(address))
      if (waiting.length > 0) throw new Error(`not serving yet: ${waiting.join(', ')}`)
    },
    { timeoutMs: START_MS, everyMs: 250 },
  )
  await admin.disconnect()
}
