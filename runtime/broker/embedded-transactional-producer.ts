import { stampProducer } from './batch-header.ts'
import type {
  TopicPartition,
  TransactionalIdentity,
  TransactionalOptions,
  TransactionalProducer,
} from './broker.ts'
import type { EmbeddedLogs } from './embedded-clients.ts'
import type { EmbeddedTransactions, Participant } from './embedded-transactions.ts'
import { BrokerError } from './errors.ts'
import { partitionKey } from './partition-key.ts'

/** What a transaction can be about. */
export interface TransactionalLogs extends EmbeddedLogs {
  readonly transactions: EmbeddedTransactions
  group(groupId: string): Participant
}

export class EmbeddedTransactionalProducer implements TransactionalProducer {
  readonly pendingBytes = 0
  readonly throttledMs = 0
  readonly #logs: TransactionalLogs
  readonly #options: TransactionalOptions
  readonly #writtenUpTo = new Map<string, number>()
  #identity: TransactionalIdentity | undefined
  #isOpen = false
  #failure: Error | undefined

  constructor(logs: TransactionalLogs, options: TransactionalOptions) {
    this.#logs = logs
    this.#options = options
  }

  async takeOver(): Promise<void> {
    this.#begin(undefined)
  }

  send(to: TopicPartition, batch: Buffer, release?: () => void): void {
    if (this.#failure !== undefined) return
    try {
      const producer = this.#join(this.#logs.log(to))
      stampProducer(batch, { ...producer, sequence: 0, isTransactional: true })
      this.#writtenUpTo.set(partitionKey(to), this.#logs.append(to, batch))
      release?.()
    } catch (error) {
      this.#failure = error as Error
    }
  }

  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
  }

  drainTo(): Promise<void> {
    return Promise.resolve()
  }

  writtenUpTo(partition: TopicPartition): number | undefined {
    return this.#writtenUpTo.get(partitionKey(partition))
  }

  async addOffsets(groupId: string): Promise<TransactionalIdentity> {
    return this.#join(this.#logs.group(groupId))
  }

  /** No request is late within one process. */
  doubt(): void {}

  async commit(): Promise<void> {
    await this.flush()
    if (this.#isOpen) this.#logs.transactions.commit(this.#own)
    this.#isOpen = false
  }

  async abort(): Promise<void> {
    if (this.#isOpen || this.#failure !== undefined) this.#begin(this.#own)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  get #own(): TransactionalIdentity {
    if (this.#identity !== undefined) return this.#identity
    const { transactionalId } = this.#options
    throw new BrokerError('INVALID_TXN_STATE', `${transactionalId} is not taken over yet`)
  }

  #begin(last: TransactionalIdentity | undefined): void {
    this.#failure = undefined
    this.#isOpen = false
    this.#identity = this.#logs.transactions.begin(this.#options, last)
  }

  #join(participant: Participant | undefined): TransactionalIdentity {
    const identity = this.#own
    if (participant === undefined) return identity
    this.#logs.transactions.join(identity, participant, this.#options)
    this.#isOpen = true
    return identity
  }
}
