import { type PartitionBytes, produceBatches } from './wire.ts'
import type { KafkaSocket } from '../../runtime/broker/kafka-socket.ts'

/** On one connection the broker works requests off in turn, so several in flight keep the order. */
const MAX_IN_FLIGHT = 5
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024

/** Sends record batches of one topic as fast as the broker takes them. */
export class BatchSender {
  readonly #connection: KafkaSocket
  readonly #topic: string
  readonly #queues = new Map<number, Buffer[]>()
  #inFlight = 0
  #bufferedBytes = 0
  #failure: Error | undefined
  #wake: () => void = () => undefined

  constructor(connection: KafkaSocket, topic: string) {
    this.#connection = connection
    this.#topic = topic
  }

  send({ partition, bytes }: PartitionBytes): void {
    const queue = this.#queues.get(partition) ?? []
    this.#queues.set(partition, queue)
    queue.push(bytes)
    this.#bufferedBytes += bytes.length
    this.#pump()
  }

  /** Resolves once there is room for more. Throws what a request failed with. */
  room(): Promise<void> {
    return this.#until(MAX_BUFFERED_BYTES)
  }

  /** Resolves once everything is acknowledged. */
  flush(): Promise<void> {
    return this.#until(0)
  }

  async #until(bytes: number): Promise<void> {
    while (this.#bufferedBytes > bytes && this.#failure === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #pump(): void {
    while (this.#inFlight < MAX_IN_FLIGHT && this.#failure === undefined) {
      const heads = [...this.#queues].flatMap(([partition, queue]) => {
        const bytes = queue.shift()
        return bytes === undefined ? [] : [{ partition, bytes }]
      })
      if (heads.length === 0) return
      void this.#produce(heads)
    }
  }

  async #produce(batches: readonly PartitionBytes[]): Promise<void> {
    this.#inFlight++
    try {
      await produceBatches(this.#connection, this.#topic, batches)
    } catch (error) {
      this.#failure ??= error as Error
    }
    this.#inFlight--
    for (const { bytes } of batches) this.#bufferedBytes -= bytes.length
    this.#pump()
    this.#wake()
  }
}
