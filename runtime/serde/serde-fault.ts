/** The bytes or the value do not fit the format. `reason` is short and CamelCase, for dead letters and metrics. */
export class SerdeFault extends Error {
  override readonly name = 'SerdeFault'
  readonly reason: string

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
