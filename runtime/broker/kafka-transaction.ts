import type { Clock } from '../platform/clock.ts'
import type { TopicPartition, TransactionalIdentity, TransactionalOptions } from './broker.ts'
import { BrokerError, TransactionFailed } from './errors.ts'
import { PROMPT_ANSWER_MS } from './kafka-call.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import { KafkaCoordinator } from './kafka-coordinator.ts'
import type { KafkaDenials } from './kafka-denials.ts'
import { isDenied } from './kafka-errors.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import type { ProducerIdentity } from './kafka-partition-queue.ts'
import type { ProducerSession } from './kafka-producer-session.ts'
import {
  addOffsets,
  addPartitions,
  endTransaction,
  initTransactions,
} from './kafka-transaction-calls.ts'
import { isIndefinite, transactionError } from './kafka-transaction-errors.ts'
import { partitionKey } from './partition-key.ts'
import type { KafkaSocket } from './kafka-socket.ts'

export interface KafkaTransactionOptions extends TransactionalOptions {
  readonly connections: KafkaConnections
  readonly metadata: KafkaMetadata
  readonly clock: Clock
  readonly random: () => number
  readonly denials: KafkaDenials
}

/**
 * What the coordinator of a transactional id knows of the transaction that is open under it. An abort is followed by a new
 * epoch, so that brokers refuse whatever of the old one is still under way; so is a commit if any request went unanswered.
 * Until Kafka 4 a late copy of it could not be told from a request of the next transaction.
 */
export class KafkaTransaction implements ProducerSession {
  readonly #options: KafkaTransactionOptions
  readonly #coordinator: KafkaCoordinator
  readonly #partitions = new Set<string>()
  #hasOffsets = false
  #identity: TransactionalIdentity | undefined
  /** The request that adds partitions at the moment. */
  #adding: Promise<void> | undefined
  #isDoubtful = false
  /** Monotonic time at which the coordinator aborts what is open. */
  #deadline = Infinity

  constructor(options: KafkaTransactionOptions) {
    const { transactionalId: id } = options
    const patienceMs = PROMPT_ANSWER_MS
    this.#options = options
    this.#coordinator = new KafkaCoordinator({ ...options, of: 'transaction', id, patienceMs })
  }

  get transactionalId(): string {
    return this.#options.transactionalId
  }

  /** Throws before the first `takeOver`. */
  get identity(): TransactionalIdentity {
    if (this.#identity === undefined)
      throw new BrokerError('INVALID_TXN_STATE', `${this.transactionalId} is not taken over yet`)
    return this.#identity
  }

  get isOpen(): boolean {
    return this.#partitions.size > 0 || this.#hasOffsets || this.#adding !== undefined
  }

  /** Adds to the transaction what is not part of it yet. */
  async admit(waiting: () => readonly TopicPartition[]): Promise<ProducerIdentity> {
    for (;;) {
      const left = waiting().filter((partition) => !this.admits(partition))
      if (left.length === 0) return { ...this.identity, isTransactional: true }
      this.#begin()
      // One request at a time, so that those who wait together go together.
      this.#adding ??= this.#add(left)
      await this.#adding
    }
  }

  admits(partition: TopicPartition): boolean {
    return this.#partitions.has(partitionKey(partition))
  }

  /** Only an abort gives another one. */
  forget(): void {}

  doubt(): void {
    this.#isDoubtful = true
  }

  takeOver(): Promise<void> {
    return this.#renew(undefined)
  }

  async abort(): Promise<void> {
    const { identity } = this
    try {
      await this.#retrying((connection) => endTransaction(connection, identity, false))
    } catch (error) {
      // Otherwise there was none to the coordinator, or it is over.
      if (!(error instanceof TransactionFailed)) throw error
    }
    await this.#renew(identity)
  }

  async addOffsets(groupId: string): Promise<TransactionalIdentity> {
    const { identity } = this
    this.#begin()
    this.#hasOffsets = true
    await this.#ask((connection) => addOffsets(connection, identity, groupId))
    return identity
  }

  /** True when the epoch is another one afterwards. */
  async commit(): Promise<boolean> {
    const { identity } = this
    if (!this.isOpen) return false
    await this.#ask((connection) => endTransaction(connection, identity, true))
    this.#ended()
    if (!this.#isDoubtful) return false
    await this.#renew(identity)
    return true
  }

  async #add(partitions: readonly TopicPartition[]): Promise<void> {
    const { identity } = this
    const isOver = () => this.#identity !== identity
    try {
      await this.#ask((connection) => addPartitions(connection, identity, partitions))
      if (isOver()) return
      for (const partition of partitions) this.#partitions.add(partitionKey(partition))
    } catch (error) {
      // What it was for was aborted meanwhile.
      if (!isOver()) throw error
    } finally {
      if (!isOver()) this.#adding = undefined
    }
  }

  #begin(): void {
    const { clock, transactionTimeoutMs } = this.#options
    if (!this.isOpen) this.#deadline = clock.monotonic() + transactionTimeoutMs
  }

  #ended(): void {
    this.#partitions.clear()
    this.#hasOffsets = false
    this.#adding = undefined
  }

  async #renew(last: TransactionalIdentity | undefined): Promise<void> {
    this.#identity = await this.#retrying((connection) =>
      initTransactions(connection, this.#options, last),
    )
    this.#ended()
    this.#isDoubtful = false
  }

  /** Until the coordinator would have aborted the transaction; for rights that are lacking as long as it takes. */
  #ask(request: (connection: KafkaSocket) => Promise<void>): Promise<void> {
    return this.#retrying(
      (connection) => this.#noting(request(connection)),
      ({ code }) => !isDenied(code) && this.#options.clock.monotonic() > this.#deadline,
    )
  }

  async #retrying<T>(
    request: (connection: KafkaSocket) => Promise<T>,
    giveUp: (last: BrokerError) => boolean = () => false,
  ): Promise<T> {
    try {
      const answer = await this.#coordinator.retrying(request, giveUp)
      this.#coordinator.noteSuccess()
      return answer
    } catch (error) {
      throw transactionError(error as Error)
    }
  }

  async #noting(request: Promise<void>): Promise<void> {
    try {
      await request
    } catch (error) {
      if (isIndefinite(error)) this.doubt()
      throw error
    }
  }
}
