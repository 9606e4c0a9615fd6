import {
  apiVersionsV1,
  AuthenticationError,
  saslAuthenticateV0,
  saslAuthenticateV1,
  saslAuthenticateV2,
  saslHandshakeV1,
  saslOAuthBearer,
  saslPlain,
  saslScramSha,
} from '@platformatic/kafka'
import type { Clock, Timer } from '../platform/clock.ts'
import { answered, CONNECT_TIMEOUT_MS } from './kafka-call.ts'
import type { SaslLogin } from './kafka-security.ts'
import { forLibrary, type KafkaSocket } from './kafka-socket.ts'

/** The part of a session's lifetime after which a client proves itself again. */
const RENEWED_AFTER = 0.8
/** A timer that is to wait longer does not wait at all. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

const SCRAM = { 'SCRAM-SHA-256': 'SHA-256', 'SCRAM-SHA-512': 'SHA-512' } as const

/**
 * A connection's login, made anew, with what the files of credentials say by then, before the session that the broker grants
 * is over. Where that fails the connection ends.
 */
export class KafkaLogin {
  readonly #socket: KafkaSocket
  readonly #sasl: SaslLogin
  readonly #clock: Clock
  #renewal: Promise<void> = Promise.resolve()
  #isRenewing = false
  #timer: Timer | undefined

  constructor(socket: KafkaSocket, sasl: SaslLogin, clock: Clock) {
    this.#socket = socket
    this.#sasl = sasl
    this.#clock = clock
    socket.once('close', () => this.#timer?.cancel())
  }

  /** Resolves once the broker takes other requests: while a client proves itself it takes none. Throws as `start`. */
  get renewed(): Promise<void> {
    return this.#renewal
  }

  get isRenewing(): boolean {
    return this.#isRenewing
  }

  /** Throws the broker's refusal, or what is wrong with the connection. */
  async start(): Promise<void> {
    const lifetimeMs = await logIn(this.#socket, this.#sasl)
    if (lifetimeMs <= 0) return
    const waitMs = Math.min(lifetimeMs * RENEWED_AFTER, LONGEST_WAIT_MS)
    this.#timer = this.#clock.after(waitMs, () => this.#renew())
  }

  #renew(): void {
    this.#isRenewing = true
    this.#renewal = answered(this.#socket, CONNECT_TIMEOUT_MS, this.start())
    this.#renewal.then(
      () => (this.#isRenewing = false),
      () => this.#socket.close(),
    )
  }
}

/** Returns for how many milliseconds the broker takes the client for who it is; 0: for as long as the connection lives. */
async function logIn(socket: KafkaSocket, sasl: SaslLogin): Promise<number> {
  const api = await authentication(socket)
  await saslHandshakeV1.api.async(forLibrary(socket), sasl.mechanism)
  const { authBytes, sessionLifetimeMs } = await authenticate(api, socket, sasl)
  // A broker that refuses a token answers without an error code and says why in the bytes.
  if (sasl.mechanism === 'OAUTHBEARER' && authBytes.length > 0)
    throw new AuthenticationError('the token was refused')
  return Number(sessionLifetimeMs)
}

type Authentication = typeof saslAuthenticateV2.api

function authenticate(api: Authentication, socket: KafkaSocket, sasl: SaslLogin) {
  const connection = forLibrary(socket)
  if (sasl.mechanism === 'OAUTHBEARER')
    return saslOAuthBearer.authenticate(api, connection, sasl.token, {})
  const { mechanism, username, password } = sasl
  return mechanism === 'PLAIN'
    ? saslPlain.authenticate(api, connection, username, password)
    : saslScramSha.authenticate(api, connection, SCRAM[mechanism], username, password)
}

/** Brokers differ in the versions that they take; this they say to everybody, but only before a login has begun. */
async function authentication(socket: KafkaSocket): Promise<Authentication> {
  const { apiKeys } = await apiVersionsV1.api.async(forLibrary(socket), 'millrace', '1')
  const { key } = saslAuthenticateV2.api
  const newest = apiKeys.find(({ apiKey }) => apiKey === key)?.maxVersion ?? 0
  if (newest >= 2) return saslAuthenticateV2.api
  return newest === 1 ? saslAuthenticateV1.api : saslAuthenticateV0.api
}
