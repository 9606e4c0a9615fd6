import { Connection } from '@platformatic/kafka'
import { BrokerError } from './errors.ts'

export interface ConnectionsOptions {
  readonly bootstrapServers: readonly string[]
  readonly clientId: string
  readonly requestTimeoutMs: number
}

export interface Node {
  readonly host: string
  readonly port: number
}

const CONNECT_TIMEOUT_MS = 5000

/**
 * One client's sockets: one for each broker, opened when first needed and opened anew after a failure. Each producer,
 * fetcher and group member has its own set, so that a long poll never holds up a commit.
 */
export class KafkaConnections {
  readonly #options: ConnectionsOptions
  readonly #open = new Map<string, Promise<Connection>>()
  #closed = false

  constructor(options: ConnectionsOptions) {
    this.#options = options
  }

  /** A connection to the node. Throws `UNREACHABLE` and says so when the address came from the broker itself. */
  async to(node: Node): Promise<Connection> {
    const address = `${node.host}:${node.port}`
    const known = await this.#usable(address)
    if (known !== undefined) return known
    const opening = this.#connect(node, address)
    this.#open.set(address, opening)
    return opening
  }

  /** A connection to whichever bootstrap server answers first, in the given order. */
  async any(): Promise<Connection> {
    const failures: string[] = []
    for (const server of this.#options.bootstrapServers) {
      try {
        return await this.to(parseServer(server))
      } catch (error) {
        failures.push((error as Error).message)
      }
    }
    throw new BrokerError('UNREACHABLE', `no bootstrap server answers: ${failures.join('; ')}`)
  }

  async close(): Promise<void> {
    this.#closed = true
    const opened = await Promise.allSettled(this.#open.values())
    this.#open.clear()
    const connections = opened.flatMap((result) =>
      result.status === 'fulfilled' ? result.value : [],
    )
    await Promise.all(connections.map((connection) => connection.close()))
  }

  async #usable(address: string): Promise<Connection | undefined> {
    if (this.#closed) throw new BrokerError('CLOSED', 'the client is closed')
    const connection = await this.#open.get(address)?.catch(() => undefined)
    return connection?.isConnected() === true ? connection : undefined
  }

  async #connect(node: Node, address: string): Promise<Connection> {
    const { clientId, requestTimeoutMs, bootstrapServers } = this.#options
    const connection = new Connection(clientId, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: requestTimeoutMs,
      maxInflights: 64,
    })
    // Every request in flight learns of the failure by itself; without a listener Node would end the process.
    connection.on('error', () => undefined)
    try {
      await connection.connect(node.host, node.port)
      return connection
    } catch (error) {
      this.#open.delete(address)
      const hint = bootstrapServers.includes(address)
        ? ''
        : ` (${bootstrapServers.join(',')} answers and advertises this address: check advertised.listeners)`
      throw new BrokerError('UNREACHABLE', `${address}: ${rootMessage(error)}${hint}`, {
        cause: error,
      })
    }
  }
}

/** The library wraps the socket's error; the innermost message is the one that says ECONNREFUSED. */
function rootMessage(error: unknown): string {
  const cause = (error as Error).cause
  return cause instanceof Error ? rootMessage(cause) : (error as Error).message
}

/** `host:port`, `[ipv6]:port`. Throws with what to write. */
export function parseServer(server: string): Node {
  const match = /^(?:\[([^\]]+)\]|([^:/]+)):(\d{1,5})$/.exec(server.trim())
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) {
    throw new BrokerError('INVALID_CONFIG', `bootstrap server "${server}": write host:port`)
  }
  return { host, port: Number(match?.[3]) }
}
