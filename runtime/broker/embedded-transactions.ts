import type { Clock, Timer } from '../platform/clock.ts'
import type { TransactionalIdentity, TransactionalOptions } from './broker.ts'
import { ProducerFenced } from './errors.ts'

/** What a transaction can have a part in: the log of a partition, or the offsets of a group. */
export interface Participant {
  endTransaction(producer: TransactionalIdentity, isCommitted: boolean): void
}

interface Transactional {
  identity: TransactionalIdentity
  readonly participants: Set<Participant>
  /** Aborts what is open. */
  timeout: Timer | undefined
}

/** The coordinator of all transactional ids: which epoch each is at, and what is open under it. */
export class EmbeddedTransactions {
  readonly #clock: Clock
  readonly #onEnd: () => void
  readonly #known = new Map<string, Transactional>()

  /** `onEnd`: there may be more to read. */
  constructor(clock: Clock, onEnd: () => void) {
    this.#clock = clock
    this.#onEnd = onEnd
  }

  /** Aborts what is open under the id and gives the next epoch. With `last`, only if nobody else has taken it over. */
  begin(
    { transactionalId }: Pick<TransactionalOptions, 'transactionalId'>,
    last?: TransactionalIdentity,
  ): TransactionalIdentity {
    if (last !== undefined) this.#own(last)
    const known = this.#known.get(transactionalId) ?? this.#register(transactionalId)
    this.#end(known, false)
    this.#fence(known)
    return known.identity
  }

  join(
    producer: TransactionalIdentity,
    participant: Participant,
    { transactionTimeoutMs }: TransactionalOptions,
  ): void {
    const known = this.#own(producer)
    known.participants.add(participant)
    known.timeout ??= this.#clock.after(transactionTimeoutMs, () => {
      this.#end(known, false)
      this.#fence(known)
    })
  }

  commit(producer: TransactionalIdentity): void {
    this.#end(this.#own(producer), true)
  }

  #own({ transactionalId, epoch }: TransactionalIdentity): Transactional {
    const known = this.#known.get(transactionalId)
    if (known?.identity.epoch === epoch) return known
    throw new ProducerFenced(
      'PRODUCER_FENCED',
      `epoch ${epoch} of transactional id ${transactionalId} is over: it is at ${known?.identity.epoch ?? 'none'}`,
    )
  }

  #register(transactionalId: string): Transactional {
    const producerId = BigInt(this.#known.size + 1)
    const identity = { transactionalId, producerId, epoch: -1 }
    const known = { identity, participants: new Set<Participant>(), timeout: undefined }
    this.#known.set(transactionalId, known)
    return known
  }

  #fence(known: Transactional): void {
    known.identity = { ...known.identity, epoch: known.identity.epoch + 1 }
  }

  #end(known: Transactional, isCommitted: boolean): void {
    const { identity, participants, timeout } = known
    timeout?.cancel()
    known.timeout = undefined
    for (const participant of participants) participant.endTransaction(identity, isCommitted)
    participants.clear()
    this.#onEnd()
  }
}
