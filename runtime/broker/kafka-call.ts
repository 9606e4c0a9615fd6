import type { API } from '@platformatic/kafka'
import { systemClock } from '../platform/clock.ts'
import { BrokerError } from './errors.ts'
import { remedy } from './kafka-errors.ts'
import { forLibrary, type KafkaSocket } from './kafka-socket.ts'

/** What the client library attaches to a failed response. */
interface ResponseFailure {
  readonly response?: unknown
  readonly errors?: readonly { readonly apiId?: string; readonly message?: string }[]
}

export interface Call<Args extends unknown[], Response> {
  readonly api: API<Args, Response>
  /** Begins the message of a failure: "commit offsets of group g". */
  readonly what: string
  /** Unset: for requests that a healthy broker answers at once. */
  readonly timeoutMs?: number
}

export const PROMPT_ANSWER_MS = 10_000
/** Until a connection is open and the client logged in. */
export const CONNECT_TIMEOUT_MS = 5000

/**
 * Sends one request. Kafka's error codes arrive as `BrokerError` with Kafka's own name; anything about the connection,
 * silence included, is `UNREACHABLE`.
 */
export async function call<Args extends unknown[], Response>(
  connection: KafkaSocket,
  { api, what, timeoutMs = PROMPT_ANSWER_MS }: Call<Args, Response>,
  ...args: Args
): Promise<Response> {
  try {
    return await answered(connection, timeoutMs, api.async(forLibrary(connection), ...args))
  } catch (error) {
    throw asBrokerError(error, what)
  }
}

/** Like `call`, for requests whose response tells the error of each topic: those are the caller's to read. */
export async function callForParts<Args extends unknown[], Response>(
  connection: KafkaSocket,
  { api, what, timeoutMs = PROMPT_ANSWER_MS }: Call<Args, Response>,
  ...args: Args
): Promise<Response> {
  try {
    return await answered(connection, timeoutMs, api.async(forLibrary(connection), ...args))
  } catch (error) {
    const { response } = error as ResponseFailure
    if (response !== undefined && response !== null) return response as Response
    throw asBrokerError(error, what)
  }
}

/**
 * A peer that accepts and never answers looks like a slow one, so silence ends the connection: what is behind this request
 * on it fails too and is sent again on a new one.
 */
export async function answered<T>(
  connection: KafkaSocket,
  timeoutMs: number,
  request: Promise<T>,
): Promise<T> {
  let stop = () => undefined as void
  const silence = new Promise<never>((_resolve, reject) => {
    const timer = systemClock.after(timeoutMs, () => {
      connection.close()
      reject(new Error(`no answer within ${timeoutMs / 1000} s`))
    })
    stop = () => timer.cancel()
  })
  try {
    return await Promise.race([request, silence])
  } finally {
    stop()
  }
}

export function asBrokerError(error: unknown, what: string): BrokerError {
  if (error instanceof BrokerError) return error
  const coded = (error as ResponseFailure).errors?.find((part) => part.apiId !== undefined)
  const message = error instanceof Error ? error.message : String(error)
  if (coded?.apiId !== undefined) {
    const { apiId } = coded
    return new BrokerError(apiId, `${what}: ${apiId}: ${coded.message ?? ''}${remedy(apiId)}`, {
      cause: error,
    })
  }
  return new BrokerError('UNREACHABLE', `${what}: ${message}`, { cause: error })
}
