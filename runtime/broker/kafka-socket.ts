import { Connection, Reader, Writer } from '@platformatic/kafka'

type Parse<R> = (id: number, apiKey: number, apiVersion: number, reader: Reader) => R | Promise<R>
type Callback<R> = (error: Error | null, response?: R) => void

/** A request whose answer is still to come. */
interface Pending {
  /** Reads the answer and hands it to whoever waits. */
  readonly answer: (body: Reader) => void
  readonly fail: (error: Error) => void
  /** Whether tagged fields stand before the body. */
  readonly hasTags: boolean
}

const SIZE_BYTES = 4
const NOTHING = Buffer.alloc(0)

/**
 * The library's connection, with its way to connect and to log in, but with requests and answers of our own: a request
 * leaves in the pieces that it is made of, in one system call, where the library copies them into one first. For batches
 * that was a copy in vain, and memory outside the heap that the garbage collector had to clear away. Callers bound how long
 * they wait; a request that needs no answer is not known here.
 */
export class KafkaSocket extends Connection {
  readonly #clientId: string
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #chunks: Buffer[] = []
  #received = 0
  #heard = 0
  #isListening = false

  constructor(clientId: string, options: ConstructorParameters<typeof Connection>[1]) {
    super(clientId, options)
    this.#clientId = clientId
  }

  // eslint-disable-next-line max-params -- the library's signature, by which its request encoders call
  override send<R>(
    apiKey: number,
    apiVersion: number,
    createPayload: () => Writer | Promise<Writer>,
    parse: Parse<R>,
    hasRequestTags: boolean,
    hasTags: boolean,
    callback: Callback<R>,
  ): void {
    const id = (this.#lastId = (this.#lastId + 1) & 0x7fffffff)
    const write = (payload: Writer) => {
      if (this.socket.destroyed) return callback(closed())
      this.#listen()
      const read = (body: Reader) => parse(id, apiKey, apiVersion, body) as R
      this.#pending.set(id, { answer: answering(read, callback), fail: callback, hasTags })
      const header = Writer.create().appendInt16(apiKey).appendInt16(apiVersion).appendInt32(id)
      header.appendString(this.#clientId, false)
      if (hasRequestTags) header.appendTaggedFields()
      this.#write(header.appendFrom(payload).prependLength().buffers)
    }
    try {
      const payload = createPayload()
      if (payload instanceof Promise) payload.then(write, callback)
      else write(payload)
    } catch (error) {
      callback(error as Error)
    }
  }

  #write(pieces: readonly Buffer[]): void {
    const { socket } = this
    socket.cork()
    for (const piece of pieces) socket.write(piece)
    socket.uncork()
  }

  /** Before the first request there is nothing to hear. */
  #listen(): void {
    if (this.#isListening) return
    this.#isListening = true
    this.socket.removeAllListeners('data')
    this.socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.socket.once('close', () => this.#failAll())
  }

  #receive(chunk: Buffer): void {
    if (this.#heard === 0 && isTls(chunk)) {
      this.socket.destroy(new Error('Broker requires TLS.'))
      return
    }
    this.#heard += chunk.length
    this.#chunks.push(chunk)
    this.#received += chunk.length
    for (let frame = this.#frame(); frame !== undefined; frame = this.#frame()) this.#answer(frame)
  }

  /** The next answer from its size on, once all of it is there: views of what came, not copies. */
  #frame(): Reader | undefined {
    if (this.#received < SIZE_BYTES) return undefined
    const size = SIZE_BYTES + this.#peekSize()
    if (this.#received < size) return undefined
    const frame = Writer.create()
    for (let missing = size; missing > 0;) {
      const chunk = this.#chunks.shift() ?? NOTHING
      const taken = chunk.subarray(0, missing)
      frame.append(taken)
      missing -= taken.length
      if (taken.length < chunk.length) this.#chunks.unshift(chunk.subarray(taken.length))
    }
    this.#received -= size
    return Reader.from(frame)
  }

  #peekSize(): number {
    const [first = NOTHING] = this.#chunks
    const bytes = first.length < SIZE_BYTES ? Buffer.concat(this.#chunks) : first
    return bytes.readInt32BE(0)
  }

  #answer(frame: Reader): void {
    const id = frame.skip(SIZE_BYTES).readInt32()
    const pending = this.#pending.get(id)
    if (pending === undefined) {
      this.socket.destroy(new Error(`an answer to request ${id}, which nobody has made`))
      return
    }
    this.#pending.delete(id)
    if (pending.hasTags) frame.readTaggedFields()
    pending.answer(new Reader(frame.buffer.subarray(frame.position)))
  }

  #failAll(): void {
    for (const { fail } of this.#pending.values()) fail(closed())
    this.#pending.clear()
  }
}

/** What cannot be read, or tells of an error, is a failure of the request. */
const answering =
  <R>(read: (body: Reader) => R, callback: Callback<R>) =>
  (body: Reader) => {
    let response: R
    try {
      response = read(body)
    } catch (error) {
      return callback(error as Error)
    }
    callback(null, response)
  }

const closed = () => new Error('the connection was closed')

/** A TLS record: handshake, alert or the like, of any version. */
const isTls = (chunk: Buffer): boolean =>
  chunk.length >= 3 && (chunk[0] ?? 0) >= 0x14 && (chunk[0] ?? 0) <= 0x17 && chunk[1] === 3
