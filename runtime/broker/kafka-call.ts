import type { API, Connection } from '@platformatic/kafka'
import { BrokerError } from './errors.ts'

/** What the client library attaches to a failed response. */
interface ResponseFailure {
  readonly response?: unknown
  readonly errors?: readonly { readonly apiId?: string; readonly message?: string }[]
}

/**
 * Sends one request. Kafka's error codes arrive as `BrokerError` with Kafka's own name; anything about the connection
 * is `UNREACHABLE`. `what` begins the message: "commit offsets of group g".
 */
export async function call<Args extends unknown[], Response>(
  connection: Connection,
  api: API<Args, Response>,
  what: string,
  ...args: Args
): Promise<Response> {
  try {
    return await api.async(connection, ...args)
  } catch (error) {
    throw asBrokerError(error, what)
  }
}

/** Like `call`, for requests whose response tells the error of each topic: those are the caller's to read. */
export async function callForParts<Args extends unknown[], Response>(
  connection: Connection,
  api: API<Args, Response>,
  what: string,
  ...args: Args
): Promise<Response> {
  try {
    return await api.async(connection, ...args)
  } catch (error) {
    const { response } = error as ResponseFailure
    if (response !== undefined && response !== null) return response as Response
    throw asBrokerError(error, what)
  }
}

export function asBrokerError(error: unknown, what: string): BrokerError {
  if (error instanceof BrokerError) return error
  const coded = (error as ResponseFailure).errors?.find((part) => part.apiId !== undefined)
  const message = error instanceof Error ? error.message : String(error)
  if (coded?.apiId !== undefined) {
    return new BrokerError(coded.apiId, `${what}: ${coded.apiId}: ${coded.message ?? ''}`, {
      cause: error,
    })
  }
  return new BrokerError('UNREACHABLE', `${what}: ${message}`, { cause: error })
}
