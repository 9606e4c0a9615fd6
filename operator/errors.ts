/** The API server's answers that callers tell apart; anything else is retried with back-off. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
}

export class AlreadyExists extends Error {
  override readonly name = 'AlreadyExists'
}

/** The resource version is too old: list again. */
export class Expired extends Error {
  override readonly name = 'Expired'
}

/** The API server refused the object itself (422, 403 by quota or admission); the message is its own. */
export class Invalid extends Error {
  override readonly name = 'Invalid'
}

export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  /** From a Retry-After header. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options)
    this.retryAfterMs = options?.retryAfterMs
  }
}

export class NotFound extends Error {
  override readonly name = 'NotFound'
}
