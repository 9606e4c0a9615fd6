import { apiVersionsV1 } from '@platformatic/kafka'
import { type Clock, sleep } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import { BrokerError } from './errors.ts'
import { answered, call, CONNECT_TIMEOUT_MS } from './kafka-call.ts'
import { connectError } from './kafka-connect-error.ts'
import { KafkaLogin } from './kafka-login.ts'
import { connectionSecurity, type KafkaSecurity } from './kafka-security.ts'
import { KafkaSocket, type SocketOptions } from './kafka-socket.ts'

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
  /** As `SocketOptions` has it. */
  readonly allocate?: SocketOptions['allocate']
  /** Ends every wait. */
  readonly closing: AbortSignal
  /** Ends the message when the address is not one the user wrote. */
  readonly hint: string
}

const BACKOFF_MS = { first: 50, longest: 2000 } as const
const JITTER = 0.2
/** A connection that broke sooner counts as one more failure: a peer may accept and never answer. */
const PROVEN_MS = 60_000

/** One address: the socket to it, opened when first needed and, after failures, only once a growing pause is over. */
export class KafkaPeer {
  readonly #node: Node
  readonly #options: PeerOptions
  #connection: Promise<KafkaSocket> | undefined
  #login: KafkaLogin | undefined
  #open: KafkaSocket | undefined
  #failures = 0
  #retryAt = 0
  /** The code that was logged; one line each time it changes, not each time it happens. */
  #trouble: string | undefined

  constructor(node: Node, options: PeerOptions) {
    this.#node = node
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** The connection, unless there is something to wait for. */
  get ready(): KafkaSocket | undefined {
    return this.#login?.isRenewing === true ? undefined : this.#open
  }

  /** Monotonic time of the next attempt to connect. */
  get retryAt(): number {
    return this.#retryAt
  }

  get address(): string {
    return `${this.#node.host}:${this.#node.port}`
  }

  /** Waits out the pause after a failure. Throws `UNREACHABLE`, or what is wrong with the credentials. */
  async connection(): Promise<KafkaSocket> {
    this.#connection ??= this.#connect()
    const connection = await this.#connection
    await this.#renewed()
    return connection
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined)
    connection?.close()
  }

  async #renewed(): Promise<void> {
    try {
      await this.#login?.renewed
    } catch (error) {
      throw connectError(error, this.address, this.#options.security)
    }
  }

  async #connect(): Promise<KafkaSocket> {
    const { clock, closing, security, clientId, allocate } = this.#options
    const pause = this.#retryAt - clock.monotonic()
    if (pause > 0) await sleep(clock, pause, closing)
    if (closing.aborted) throw new BrokerError('CLOSED', 'the client is closed')
    let connection: KafkaSocket | undefined
    try {
      const { tls, sasl } = await connectionSecurity(security, this.#node.host)
      connection = new KafkaSocket({ ...this.#node, clientId, allocate, tls })
      this.#login = sasl && new KafkaLogin(connection, sasl, clock)
      const opened = connection.opened().then(() => this.#login?.start())
      await answered(connection, CONNECT_TIMEOUT_MS, opened)
      await prove(connection)
    } catch (error) {
      connection?.close()
      throw this.#failed(error)
    }
    this.#opened(connection)
    return connection
  }

  #opened(connection: KafkaSocket): void {
    const { clock, log, closing } = this.#options
    const since = clock.monotonic()
    this.#open = connection
    connection.once('close', () => {
      this.#open = undefined
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
async function prove(connection: KafkaSocket): Promise<void> {
  const api = apiVersionsV1.api
  await call(
    connection,
    { api, what: 'first request', timeoutMs: CONNECT_TIMEOUT_MS },
    'millrace',
    '1',
  )
}
