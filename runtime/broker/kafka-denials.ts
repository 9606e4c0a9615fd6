import type { Clock } from '../platform/clock.ts'
import type { Denial } from './broker.ts'
import type { BrokerError } from './errors.ts'
import { isDenied } from './kafka-errors.ts'

/** What the cluster denies one program at the moment. Its clients ask again by themselves, and take back what is granted. */
export class KafkaDenials {
  readonly #clock: Clock
  readonly #denied = new Map<string, Denial>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The oldest. */
  get current(): Denial | undefined {
    return this.#denied.values().next().value
  }

  /** Takes note of an error if it is a denial. `what` is what `granted` will name. */
  note(what: string, error: BrokerError): void {
    if (isDenied(error.code) && !this.#denied.has(what))
      this.#denied.set(what, { error, since: this.#clock.now() })
  }

  granted(what: string): void {
    this.#denied.delete(what)
  }
}
