import type { TopicPartition, TransactionalIdentity, TransactionalProducer } from './broker.ts'
import { TransactionFailed } from './errors.ts'
import { KafkaProducer } from './kafka-producer.ts'
import { KafkaTransaction, type KafkaTransactionOptions } from './kafka-transaction.ts'

/** A producer all of whose batches are part of one transaction after the other. */
export class KafkaTransactionalProducer implements TransactionalProducer {
  readonly #transaction: KafkaTransaction
  readonly #producer: KafkaProducer
  /** Something of the transaction is lost. */
  #hasFailed = false

  constructor(options: KafkaTransactionOptions) {
    this.#transaction = new KafkaTransaction(options)
    this.#producer = new KafkaProducer({ ...options, session: this.#transaction })
  }

  get throttledMs(): number {
    return this.#producer.throttledMs
  }

  get pendingBytes(): number {
    return this.#producer.pendingBytes
  }

  send(to: TopicPartition, batch: Buffer, release?: () => void): void {
    this.#producer.send(to, batch, release)
  }

  async flush(): Promise<void> {
    try {
      await this.#producer.flush()
    } catch (error) {
      this.#hasFailed = true
      throw error
    }
  }

  drainTo(bytes: number): Promise<void> {
    return this.#producer.drainTo(bytes)
  }

  writtenUpTo(partition: TopicPartition): number | undefined {
    return this.#producer.writtenUpTo(partition)
  }

  async takeOver(): Promise<void> {
    this.#producer.drop()
    await this.#transaction.takeOver()
    this.#hasFailed = false
  }

  addOffsets(groupId: string): Promise<TransactionalIdentity> {
    return this.#transaction.addOffsets(groupId)
  }

  doubt(): void {
    this.#transaction.doubt()
  }

  async commit(): Promise<void> {
    await this.flush()
    if (this.#hasFailed) throw unfit(this.#transaction.transactionalId)
    if (await this.#transaction.commit()) this.#producer.drop()
  }

  async abort(): Promise<void> {
    this.#producer.drop()
    if (!this.#transaction.isOpen && !this.#hasFailed) return
    await this.#transaction.abort()
    this.#hasFailed = false
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}

const unfit = (transactionalId: string) =>
  new TransactionFailed(
    'TRANSACTION_FAILED',
    `transaction ${transactionalId} has lost what failed: it must be aborted`,
  )
