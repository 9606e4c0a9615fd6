/** Kafka answered with an error code, or could not be reached within the time the caller allowed. */
export class BrokerError extends Error {
  override readonly name: string = 'BrokerError'
  /** Kafka's own name of the error code, such as `NOT_ENOUGH_REPLICAS`, or `UNREACHABLE`. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The position is outside the log: retention removed the records, or the topic was recreated. */
export class OffsetOutOfRange extends BrokerError {
  override readonly name = 'OffsetOutOfRange'
  readonly topic: string
  readonly partition: number
  readonly offset: number

  constructor(at: { topic: string; partition: number; offset: number }) {
    super(
      'OFFSET_OUT_OF_RANGE',
      `${at.topic}-${at.partition}@${at.offset} is no longer in the log: retention removed it or the topic was recreated`,
    )
    this.topic = at.topic
    this.partition = at.partition
    this.offset = at.offset
  }
}

/** The group moved on without this member (rebalance, expired session, fenced instance id). */
export class CommitRejected extends BrokerError {
  override readonly name = 'CommitRejected'
}

/** A batch that is not what the protocol says: bad CRC, bad length, unknown magic or codec. */
export class CorruptBatch extends BrokerError {
  override readonly name = 'CorruptBatch'

  constructor(message: string, options?: ErrorOptions) {
    super('CORRUPT_MESSAGE', message, options)
  }
}
