import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { eventually } from '../support/eventually.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import type { JavaProcesses } from './java-processes.ts'

const START_MS = 60_000

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

export const brokerName = (id: number) => `broker-${id}`

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

/** One of the processes, which can be ended in ways of its own. */
export class JavaBroker implements RunningBroker {
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
    this.#java.signal(brokerName(this.id), 'SIGSTOP')
  }

  resume(): void {
    this.#java.signal(brokerName(this.id), 'SIGCONT')
  }

  kill(): Promise<void> {
    return this.#java.kill(brokerName(this.id))
  }

  async restart(): Promise<void> {
    this.#java.restart(brokerName(this.id))
    await servingAll([this.address], this.#java)
  }

  async fillDisk(): Promise<void> {
    const pid = this.#java.pidOf(brokerName(this.id))
    // Others see what it has mounted below its root.
    writeUntilFull(join(`/proc/${pid}/root`, this.#parts.dataDir, 'filler'))
    await eventually(() => expectEnded(this.#java.pidOf(brokerName(this.id))), {
      timeoutMs: START_MS,
    })
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

/** Ready means that a client sees every broker, not that a port is open. */
export async function servingAll(addresses: readonly string[], java: JavaProcesses): Promise<void> {
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
