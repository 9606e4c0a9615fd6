/** Kafka answered with an error code, or could not be reached within the time the caller allowed. */
export class BrokerError extends Error {
  /** The code as conditions and statuses write it, such as `NotEnoughReplicas`. */
  override readonly name: string
  /** Kafka's own name of the error code, such as `NOT_ENOUGH_REPLICAS`, or `UNREACHABLE`. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = code
      .toLowerCase()
      .replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())
  }
}

/** The position is outside the log: retention or a deletion removed the records, or the topic was recreated. */
export class OffsetOutOfRange extends BrokerError {
  override readonly name = 'OffsetOutOfRange'
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Where the partition begins and ends now. */
  readonly log: LogRange

  constructor(at: { topic: string; partition: number; offset: number }, log: LogRange) {
    super(
      'OFFSET_OUT_OF_RANGE',
      `${at.topic}-${at.partition}@${at.offset} is not in the log: ${whyOutside(at.offset, log)}`,
    )
    this.topic = at.topic
    this.partition = at.partition
    this.offset = at.offset
    this.log = log
  }
}

export interface LogRange {
  readonly start: number
  readonly end: number
}

function whyOutside(offset: number, log: LogRange): string {
  if (offset < log.start) {
    return `offsets ${offset} to ${log.start - 1} were removed by retention or deleted before they were read, ${log.start} is the first one left`
  }
  return `it ends at ${log.end}: the topic was recreated, or lost records when it chose a leader that was not in sync`
}

/** A record, as a batch of its own, and who does not take it. */
interface Oversize {
  readonly topic: string
  readonly bytes: number
  /** As the config of who refused it says, if that could be read. */
  readonly limit?: number | undefined
  readonly refusedBy?: 'topic' | 'broker'
}

/** One record that its topic or the brokers do not take, whatever is sent with it. */
export class RecordTooLarge extends BrokerError {
  override readonly name = 'RecordTooLarge'
  readonly topic: string
  /** The largest that is taken, in bytes of a batch with one record. */
  readonly limit: number

  constructor({ topic, bytes, limit, refusedBy = 'topic' }: Oversize) {
    const [setting, owner, config] = {
      topic: ['max.message.bytes', `topic ${topic}`, `the topic's config`],
      broker: ['socket.request.max.bytes', 'the brokers', 'their config'],
    }[refusedBy]
    const known = limit === undefined ? '' : ` (${limit})`
    super(
      'MESSAGE_TOO_LARGE',
      `a record of ${bytes} bytes is larger than ${setting} of ${owner}${known}: raise ${setting} in ${config}, or make the record smaller`,
    )
    this.topic = topic
    // What was refused is above it in any case.
    this.limit = limit ?? bytes - 1
  }
}

/** The group moved on without this member (rebalance, expired session, fenced instance id). */
export class CommitRejected extends BrokerError {
  override readonly name = 'CommitRejected'
}

/** Another producer has the transactional id now, or the brokers have aborted a transaction that took too long. */
export class ProducerFenced extends BrokerError {
  override readonly name = 'ProducerFenced'
}

/** This transaction cannot be committed; after an abort the next one can. */
export class TransactionFailed extends BrokerError {
  override readonly name = 'TransactionFailed'
}

/** A batch that is not what the protocol says: bad CRC, bad length, unknown magic or codec. */
export class CorruptBatch extends BrokerError {
  override readonly name = 'CorruptBatch'

  constructor(message: string, options?: ErrorOptions) {
    super('CORRUPT_MESSAGE', message, options)
  }
}
