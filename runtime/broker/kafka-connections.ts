import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import { BrokerError } from './errors.ts'
import { KafkaPeer, type Node } from './kafka-peer.ts'
import type { KafkaSecurity } from './kafka-security.ts'
import type { KafkaSocket, SocketOptions } from './kafka-socket.ts'

export interface ConnectionsOptions {
  readonly bootstrapServers: readonly string[]
  readonly clientId: string
  readonly security: KafkaSecurity
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** As `SocketOptions` has it. */
  readonly allocate?: SocketOptions['allocate']
}

export type Lane = 'prompt' | 'joins'

/**
 * One client's sockets, one for each broker and lane. Each producer, fetcher and group member has its own set, so that a long
 * poll never holds up a commit.
 */
export class KafkaConnections {
  readonly #options: ConnectionsOptions
  readonly #bootstrap: readonly Node[]
  readonly #peers = new Map<string, KafkaPeer>()
  readonly #closing = new AbortController()

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#bootstrap = options.bootstrapServers.map(parseServer)
  }

  /** Aborts when the client closes: whoever waits to repeat a request stops waiting. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /**
   * A connection to the node. A broker answers one request of a connection at a time: what may wait long there has a `lane` of
   * its own. Throws `UNREACHABLE` and says so when the address came from the broker itself.
   */
  to(node: Node, lane: Lane = 'prompt'): Promise<KafkaSocket> {
    if (this.closing.aborted) throw new BrokerError('CLOSED', 'the client is closed')
    return this.#peer(node, lane).connection()
  }

  /** The same at once, unless there is something to wait for: a request is then on its way before the caller goes on. */
  ready(node: Node): KafkaSocket | undefined {
    return this.closing.aborted ? undefined : this.#peer(node).ready
  }

  /** A connection to any broker: an open one, else whichever may be tried soonest. `known` came from metadata. */
  async any(known: readonly Node[] = []): Promise<KafkaSocket> {
    const peers = new Set([...known, ...this.#bootstrap].map((node) => this.#peer(node)))
    const failures: BrokerError[] = []
    for (const peer of [...peers].sort(bySoonest)) {
      if (this.closing.aborted) throw new BrokerError('CLOSED', 'the client is closed')
      try {
        return await peer.connection()
      } catch (error) {
        failures.push(error as BrokerError)
      }
    }
    throw noneAnswers(failures)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([...this.#peers.values()].map((peer) => peer.close()))
  }

  #peer(node: Node, lane: Lane = 'prompt'): KafkaPeer {
    const key = `${lane} ${node.host}:${node.port}`
    const known = this.#peers.get(key)
    if (known !== undefined) return known
    const servers = this.#options.bootstrapServers
    const hint = this.#bootstrap.some(({ host, port }) => host === node.host && port === node.port)
      ? ''
      : ` (${servers.join(',')} answers and advertises this address: check advertised.listeners)`
    const peer = new KafkaPeer(node, { ...this.#options, closing: this.closing, hint })
    this.#peers.set(key, peer)
    return peer
  }
}

const bySoonest = (a: KafkaPeer, b: KafkaPeer): number =>
  Number(b.isOpen) - Number(a.isOpen) || a.retryAt - b.retryAt

/** When all fail alike, such as by a wrong password, that is the answer. */
function noneAnswers(failures: readonly BrokerError[]): BrokerError {
  const codes = new Set(failures.map(({ code }) => code))
  const [only, ...others] = codes
  const code = only === undefined || others.length > 0 ? 'UNREACHABLE' : only
  const told = failures.map(({ message }) => message).join('; ')
  return new BrokerError(code, `no bootstrap server answers: ${told}`)
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
