import { apiVersionsV1, type Connection } from '@platformatic/kafka'
import { type Clock, sleep } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import { BrokerError } from './errors.ts'
import { call } from './kafka-call.ts'
import { connectError } from './kafka-connect-error.ts'
import { connectionSecurity, type KafkaSecurity } from './kafka-security.ts'
import { KafkaSocket } from './kafka-socket.ts'

export interface Node {
  readonly host: string
  readonly port: number
}

export interface PeerOptions {
  readonly clientId: string
  readonly security: KafkaSecurity
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Ends every wait. */
  readonly closing: AbortSignal
  /** Ends the message when the address is not one the user wrote. */
  readonly hint: string
}

const CONNECT_TIMEOUT_MS = 5000
const BACKOFF_MS = { first: 50, longest: 2000 } as const
const JITTER = 0.2
/** A connection that broke sooner counts as one more failure: a peer may accept and never answer. */
const PROVEN_MS = 60_000

/** One address: the socket to it, opened when first needed and, after failures, only once a growing pause is over. */
export class KafkaPeer {
  readonly #node: Node
  readonly #options: PeerOptions
  #connection: Promise<Connection> | undefined
  #isOpen = false
  #failures = 0
  #retryAt = 0
  /** The code that was logged; one line each time it changes, not each time it happens. */
  #trouble: string | undefined

  constructor(node: Node, options: PeerOptions) {
    this.#node = node
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Monotonic time of the next attempt to connect. */
  get retryAt(): number {
    return this.#retryAt
  }

  get address(): string {
    return `${this.#node.host}:${this.#node.port}`
  }

  /** Waits out the pause after a failure. Throws `UNREACHABLE`, or what is wrong with the credentials. */
  async connection(): Promise<Connection> {
    this.#connection ??= this.#open()
    const connection = await this.#connection
    // While it proves itself again, the broker takes nothing else.
    if (connection.status === 'reauthenticating') await this.#proven(connection)
    return connection
  }

  /** Ends it without waiting for the peer, which may never read what is still to be sent. */
  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined)
    if (connection !== undefined) discard(connection)
  }

  async #proven(connection: Connection): Promise<void> {
    try {
      await connection.ready()
    } catch (error) {
      throw connectError(error, this.address, this.#options.security)
    }
  }

  async #open(): Promise<Connection> {
    const { clock, closing, security } = this.#options
    const pause = this.#retryAt - clock.monotonic()
    if (pause > 0) await sleep(clock, pause, closing)
    if (closing.aborted) throw new BrokerError('CLOSED', 'the client is closed')
    let connection: Connection | undefined
    let broken: unknown
    try {
      connection = this.#create(await connectionSecurity(security, this.#node.host))
      // Every request in flight learns of a failure by itself; without a listener Node would end the process.
      connection.on('error', (error) => (broken ??= error))
      await connection.connect(this.#node.host, this.#node.port)
      await prove(connection)
    } catch (error) {
      connection?.socket?.destroy()
      throw this.#failed(broken ?? error)
    }
    this.#opened(connection)
    return connection
  }

  #create(security: Awaited<ReturnType<typeof connectionSecurity>>): Connection {
    return new KafkaSocket(this.#options.clientId, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...security,
    })
  }

  #opened(connection: Connection): void {
    const { clock, log, closing } = this.#options
    const since = clock.monotonic()
    this.#isOpen = true
    // A refused proof leaves the socket half open.
    connection.on('error', () => discard(connection))
    connection.once('close', () => {
      this.#isOpen = false
      this.#connection = undefined
      if (closing.aborted) return
      this.#pause(clock.monotonic() - since < PROVEN_MS ? this.#failures + 1 : 1)
    })
    if (this.#trouble === undefined) return
    this.#trouble = undefined
    log.info('broker reachable again', { broker: this.address })
  }

  #failed(cause: unknown): BrokerError {
    const { security, log, hint } = this.#options
    const error = connectError(cause, this.address, security)
    this.#connection = undefined
    this.#pause(this.#failures + 1)
    if (this.#trouble !== error.code) {
      log.warn('broker unreachable', {
        broker: this.address,
        reason: error.code,
        why: error.message,
      })
    }
    this.#trouble = error.code
    return new BrokerError(error.code, `${error.message}${hint}`, { cause })
  }

  #pause(failures: number): void {
    const { clock, random } = this.#options
    this.#failures = failures
    const pause = Math.min(BACKOFF_MS.first * 2 ** (failures - 1), BACKOFF_MS.longest)
    this.#retryAt = clock.monotonic() + pause * (1 - JITTER + 2 * JITTER * random())
  }
}

/**
 * One question that any broker answers. A listener that wants TLS, a login or a client certificate refuses only now, and
 * a peer that accepts and never answers is found out.
 */
async function prove(connection: Connection): Promise<void> {
  const api = apiVersionsV1.api
  await call(
    connection,
    { api, what: 'first request', timeoutMs: CONNECT_TIMEOUT_MS },
    'millrace',
    '1',
  )
}

function discard(connection: Connection): void {
  connection.close().catch(() => undefined)
  connection.socket?.destroy()
}
