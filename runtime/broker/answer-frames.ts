const SIZE_BYTES = 4
/** A correlation id. */
const LEAST_BYTES = 4
/** What comes before any size is known, and small answers, several at a time. */
const FIRST_BYTES = 4096
/**
 * The first answer may be to a fetch already, and as large as any. What text reads as is twice this and more, as the bytes of
 * `HTTP` are.
 */
const MOST_BYTES_OF_A_STRANGER = 1 << 28

/**
 * Cuts what comes off a socket into answers, each in memory of its own that is as large as it is. The socket writes what it
 * reads where it belongs: of an answer, however large, only the first few bytes are copied.
 */
export class AnswerFrames {
  readonly #onAnswer: (answer: Buffer) => void
  readonly #allocate: (bytes: number) => Buffer
  readonly #first = Buffer.allocUnsafeSlow(FIRST_BYTES)
  /** The answer that is being filled, once its size is known and not all of it is there. */
  #answer: Buffer | undefined
  /** Of the answer, else of `#first`. */
  #filled = 0
  #isKnown = false

  /** `onAnswer` gets what follows the size, in what `allocate` gave for it. */
  constructor(onAnswer: (answer: Buffer) => void, allocate: (bytes: number) => Buffer) {
    this.#onAnswer = onAnswer
    this.#allocate = allocate
  }

  /** Where the next bytes go; never empty. */
  room(): Buffer {
    return (this.#answer ?? this.#first).subarray(this.#filled)
  }

  /** So many bytes were written into `room()`. Throws when they are not of Kafka's protocol. */
  fill(count: number): void {
    this.#filled += count
    if (this.#answer === undefined) this.#cut()
    else if (this.#filled === this.#answer.length) {
      const answer = this.#answer
      this.#answer = undefined
      this.#filled = 0
      this.#end(answer)
    }
  }

  #cut(): void {
    let at = 0
    while (this.#answer === undefined && this.#filled - at >= SIZE_BYTES) {
      const size = this.#sizeAt(at)
      at += SIZE_BYTES
      const answer = this.#allocate(size)
      const copied = this.#first.copy(answer, 0, at, this.#filled)
      at += copied
      if (copied === size) this.#end(answer)
      else this.#begin(answer, copied)
    }
    if (this.#answer !== undefined) return
    this.#first.copyWithin(0, at, this.#filled)
    this.#filled -= at
  }

  #begin(answer: Buffer, filled: number): void {
    this.#answer = answer
    this.#filled = filled
  }

  #end(answer: Buffer): void {
    this.#isKnown = true
    this.#onAnswer(answer)
  }

  #sizeAt(at: number): number {
    if (!this.#isKnown && isTls(this.#first)) throw new Error('Broker requires TLS.')
    const size = this.#first.readInt32BE(at)
    if (size < LEAST_BYTES || (!this.#isKnown && size > MOST_BYTES_OF_A_STRANGER))
      throw new Error(`an answer of ${size} bytes: whoever listens here does not speak Kafka`)
    return size
  }
}

/** A TLS record: handshake, alert or the like, of any version. */
const isTls = ([type = 0, major]: Buffer): boolean => type >= 0x14 && type <= 0x17 && major === 3
