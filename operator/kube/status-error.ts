import { AlreadyExists, Conflict, Expired, Invalid, NotFound, Unavailable } from '../errors.ts'

interface Status {
  readonly reason?: string
  readonly message?: string
}

type Make = (text: string) => Error

/** Answers that callers tell apart, by status code. What is not here may be repeated. */
const errors: Readonly<Record<number, Make>> = {
  400: (text) => new Invalid(text),
  403: (text) => new Invalid(text),
  404: (text) => new NotFound(text),
  409: (text) => new Conflict(text),
  410: (text) => new Expired(text),
  422: (text) => new Invalid(text),
}

/** An answer that is not a success, as one of our errors. A body that is not a Status is quoted. */
export function asError(
  statusCode: number,
  body: string,
  retryAfter: string | undefined,
  what: string,
): Error {
  const { reason, message } = parseStatus(body)
  const text = `${what}: ${statusCode} ${message ?? body.slice(0, 200)}`
  if (reason === 'AlreadyExists') return new AlreadyExists(text)
  const make = errors[statusCode]
  if (make !== undefined) return make(text)
  const retryAfterMs = Number(retryAfter) * 1000
  return new Unavailable(text, Number.isFinite(retryAfterMs) ? { retryAfterMs } : {})
}

function parseStatus(body: string): Status {
  try {
    return JSON.parse(body) as Status
  } catch {
    return {}
  }
}
