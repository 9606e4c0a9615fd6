import type { TopicPartition } from './broker.ts'
import type { BrokerError } from './errors.ts'
import type { KafkaDenials } from './kafka-denials.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import type { ProducerIdentity } from './kafka-partition-queue.ts'
import { initProducerId } from './kafka-producer-calls.ts'

/** In whose name a producer writes, and where it may do so. */
export interface ProducerSession {
  /** Of the transaction that all batches are part of; null where they take effect as they are written. */
  readonly transactionalId: string | null
  /** The present identity, once it may write to all that waits; `waiting` is asked anew until that is so. */
  admit(waiting: () => readonly TopicPartition[]): Promise<ProducerIdentity>
  /** Whether it may write there now. */
  admits(partition: TopicPartition): boolean
  /** The identity is of no use any more. */
  forget(): void
  /** A request went unanswered. */
  doubt(): void
}

/** An identity for as long as the brokers remember it. */
export class IdempotentSession implements ProducerSession {
  readonly transactionalId = null
  readonly #metadata: KafkaMetadata
  readonly #denials: KafkaDenials
  #identity: Promise<ProducerIdentity> | undefined

  constructor({
    metadata,
    denials,
  }: {
    readonly metadata: KafkaMetadata
    readonly denials: KafkaDenials
  }) {
    this.#metadata = metadata
    this.#denials = denials
  }

  admit(): Promise<ProducerIdentity> {
    this.#identity ??= this.#begin()
    return this.#identity
  }

  admits(): boolean {
    return true
  }

  forget(): void {
    this.#identity = undefined
  }

  /** Sequences tell what is repeated. */
  doubt(): void {}

  async #begin(): Promise<ProducerIdentity> {
    try {
      const identity = await initProducerId(this.#metadata)
      this.#denials.granted('produce')
      return identity
    } catch (error) {
      this.#denials.note('produce', error as BrokerError)
      this.forget()
      throw error
    }
  }
}
