import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../support/free-ports.ts'
import { disk, mounting } from '../support/mounts.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import {
  type BrokerOptions,
  brokerProperties,
  dataDir,
  LOOPBACK,
  ZOOKEEPER_TICK_MS,
} from './broker-properties.ts'
import { kafkaJars } from './jars.ts'
import { brokerName, JavaBroker, type RunningBroker, servingAll } from './java-broker.ts'
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

/** Of three brokers, each of which may be lost. */
export const REPLICATED = ['default.replication.factor=3', 'min.insync.replicas=2'] as const

/** The same, and nobody waits long for a transaction that nobody ends. */
export const REPLICATED_TRANSACTIONS = [
  ...REPLICATED,
  'transaction.state.log.min.isr=2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms=1000',
] as const

export interface KafkaOptions extends BrokerOptions {
  readonly brokers?: number
  /** Clients reach each broker through a relay that can lose and cut; brokers reach each other directly. */
  readonly proxied?: boolean
  /** How large the disk is that the first broker has to itself, such as `512m`; see `missingForMounts`. */
  readonly firstDisk?: string
  /** Where its folder is made, by default among other temporary files. */
  readonly parent?: string
  /** Of each broker, as Java writes sizes. */
  readonly heap?: string
  readonly log?: (line: string) => void
}

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
      java.start(brokerName(id), program, brokerProperties({ ...settings, advertised }))
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

function diskAt(path: string, size: string): readonly string[] {
  mkdirSync(path, { recursive: true })
  return mounting(disk(`size=${size}`), path)
}
