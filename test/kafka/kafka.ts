import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { command } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { freePorts } from '../support/free-ports.ts'
import { javaOptions, kafkaJars } from './jars.ts'

export interface RunningKafka {
  readonly bootstrapServers: readonly string[]
  readonly libsDir: string
  /** One a broker: a folder for each partition, with its segments. */
  readonly dataDirs: readonly string[]
  /** Runs one of Kafka's Java tools to its end and returns what it printed. */
  javaTool(mainClass: string, args: readonly string[], input?: string): Promise<string>
  stop(): Promise<void>
}

export interface KafkaOptions {
  readonly brokers?: number
  readonly log?: (line: string) => void
}

const START_MS = 60_000

/**
 * A real Kafka in ZooKeeper mode: Java processes on free loopback ports, data in a temporary folder. They end with
 * `stop()`, and with this process.
 */
export async function startKafka({
  brokers = 1,
  log = () => undefined,
}: KafkaOptions = {}): Promise<RunningKafka> {
  const libsDir = await kafkaJars(log)
  const dir = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
  const [zookeeperPort = 0, ...ports] = await freePorts(brokers + 1)
  const java = new JavaProcesses(dir, libsDir)
  java.start('zookeeper', 'org.apache.zookeeper.server.quorum.QuorumPeerMain', '256m', [
    `dataDir=${join(dir, 'zookeeper-data')}`,
    `clientPort=${zookeeperPort}`,
    'clientPortAddress=127.0.0.1',
    'admin.enableServer=false',
  ])
  ports.forEach((port, id) =>
    java.start(
      `broker-${id}`,
      'kafka.Kafka',
      '512m',
      brokerProperties({ dir, id, port, brokers, zookeeperPort }),
    ),
  )
  const bootstrapServers = ports.map((port) => `127.0.0.1:${port}`)
  await servingAll(bootstrapServers, java)
  return {
    bootstrapServers,
    libsDir,
    dataDirs: ports.map((_, id) => dataDir(dir, id)),
    javaTool: (mainClass, args, input) => java.tool(mainClass, args, input),
    stop: () => java.stop(),
  }
}

const dataDir = (dir: string, id: number) => join(dir, `broker-${id}-data`)

interface BrokerSettings {
  readonly dir: string
  readonly id: number
  readonly port: number
  readonly brokers: number
  readonly zookeeperPort: number
}

const brokerProperties = ({ dir, id, port, brokers, zookeeperPort }: BrokerSettings): string[] => [
  `broker.id=${id}`,
  `listeners=PLAINTEXT://127.0.0.1:${port}`,
  `log.dirs=${dataDir(dir, id)}`,
  `zookeeper.connect=127.0.0.1:${zookeeperPort}`,
  `offsets.topic.replication.factor=${Math.min(brokers, 3)}`,
  `transaction.state.log.replication.factor=${Math.min(brokers, 3)}`,
  'transaction.state.log.min.isr=1',
  'offsets.topic.num.partitions=8',
  'auto.create.topics.enable=false',
  'group.initial.rebalance.delay.ms=0',
  'log.cleaner.dedupe.buffer.size=4194304',
  'log.cleaner.backoff.ms=500',
  // Tests write records of any time; retention goes by that and would remove them half a minute after the start.
  'log.retention.ms=-1',
]

/** Ready means that a client sees every broker, not that a port is open. */
async function servingAll(bootstrapServers: readonly string[], java: JavaProcesses): Promise<void> {
  const kafka = new Kafka({
    brokers: [...bootstrapServers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  })
  const admin = kafka.admin()
  await eventually(
    async () => {
      java.failIfEnded()
      await admin.connect()
      const { brokers } = await admin.describeCluster()
      if (brokers.length < bootstrapServers.length)
        throw new Error(`${brokers.length} brokers so far`)
    },
    { timeoutMs: START_MS, everyMs: 250 },
  )
  await admin.disconnect()
}

class JavaProcesses {
  readonly #dir: string
  readonly #libsDir: string
  readonly #running = new Map<string, ChildProcess>()
  readonly #endWithUs = () => this.#kill('SIGKILL')

  constructor(dir: string, libsDir: string) {
    this.#dir = dir
    this.#libsDir = libsDir
    process.once('exit', this.#endWithUs)
  }

  start(name: string, mainClass: string, heap: string, properties: readonly string[]): void {
    const file = join(this.#dir, `${name}.properties`)
    mkdirSync(join(this.#dir, 'logs'), { recursive: true })
    writeFileSync(file, `${properties.join('\n')}\n`)
    const output = openSync(join(this.#dir, 'logs', `${name}.log`), 'a')
    const args = [
      `-Xmx${heap}`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=4',
      ...javaOptions(this.#libsDir),
      mainClass,
      file,
    ]
    const child = spawn('java', args, { stdio: ['ignore', output, output] })
    this.#running.set(name, child)
  }

  failIfEnded(): void {
    for (const [name, child] of this.#running) {
      if (child.exitCode === null) continue
      const log = readFileSync(join(this.#dir, 'logs', `${name}.log`), 'utf8')
      throw new Error(`${name} ended with ${child.exitCode}:\n${log.slice(-2000)}`)
    }
  }

  tool(mainClass: string, args: readonly string[], input?: string): Promise<string> {
    const argv = [
      'java',
      '-Xmx256m',
      '-XX:TieredStopAtLevel=1',
      ...javaOptions(this.#libsDir),
      mainClass,
      ...args,
    ]
    return command(argv, input === undefined ? {} : { input })
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#endWithUs)
    const ended = [...this.#running.values()].map(
      (child) =>
        new Promise((resolve) =>
          child.exitCode === null ? child.once('exit', resolve) : resolve(0),
        ),
    )
    // The data goes with the folder, so nothing is worth an orderly shutdown.
    this.#kill('SIGKILL')
    await Promise.all(ended)
    rmSync(this.#dir, { recursive: true, force: true })
  }

  #kill(signal: NodeJS.Signals): void {
    for (const child of this.#running.values()) child.kill(signal)
  }
}
