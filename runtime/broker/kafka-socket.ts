import { EventEmitter } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { type Connection, Reader, Writer } from '@platformatic/kafka'
import { AnswerFrames } from './answer-frames.ts'

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

export interface SocketOptions {
  readonly clientId: string
  readonly host: string
  readonly port: number
  readonly tls?: ConnectionOptions | undefined
  /** Gives memory for an answer, exactly so large. Unset: new memory. */
  readonly allocate?: ((bytes: number) => Buffer) | undefined
}

/**
 * A connection to a broker, opening from the start. A request leaves in the pieces that it is made of, in one system call,
 * and an answer arrives in memory of its own: nothing large is copied on its way. Callers bound how long they wait; a request
 * that needs no answer is not known here.
 *
 * Emits `close` once, when nothing more comes or goes, before what is under way fails.
 */
export class KafkaSocket extends EventEmitter<{ close: [] }> {
  readonly #clientId: string
  readonly #socket: Socket
  readonly #opened: string
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #broken: Error | undefined

  constructor({ clientId, host, port, tls, allocate = newMemory }: SocketOptions) {
    super()
    this.#clientId = clientId
    const frames = new AnswerFrames((answer) => this.#take(answer), allocate)
    const onread = {
      buffer: () => frames.room(),
      callback: (count: number) => this.#orBreak(() => frames.fill(count)),
    }
    const options = { ...tls, host, port, noDelay: true, onread }
    this.#socket = tls === undefined ? connect(options) : connectTls(options)
    this.#opened = tls === undefined ? 'connect' : 'secureConnect'
    this.#socket.on('error', (error) => (this.#broken ??= error))
    this.#socket.once('close', () => this.#end())
  }

  /** Resolves when requests may be sent. Throws what Node says: the system's errors and those of TLS. */
  async opened(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#socket.once(this.#opened, resolve)
    this.#socket.once('close', () => reject(this.#broken ?? closed()))
    await promise
  }

  /** Ends it without waiting for the peer, which may never read what is still to be sent. */
  close(): void {
    this.#socket.destroy()
  }

  /** Asks what `createPayload` writes; what `parse` reads of the answer, or why there is none, goes to `callback`. */
  // eslint-disable-next-line max-params -- the library's signature, by which its request encoders call
  send<R>(
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
      if (this.#socket.destroyed) return callback(this.#broken ?? closed())
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
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #take(frame: Buffer): void {
    const answer = Reader.from(frame)
    const id = answer.readInt32()
    const pending = this.#pending.get(id)
    if (pending === undefined) throw new Error(`an answer to request ${id}, which nobody has made`)
    this.#pending.delete(id)
    if (pending.hasTags) answer.readTaggedFields()
    pending.answer(Reader.from(frame.subarray(answer.position)))
  }

  /** What cannot be understood ends the connection, not the process. True for more to be read. */
  #orBreak(read: () => void): true {
    try {
      read()
    } catch (error) {
      this.#socket.destroy(error as Error)
    }
    return true
  }

  #end(): void {
    this.emit('close')
    for (const { fail } of this.#pending.values()) fail(this.#broken ?? closed())
    this.#pending.clear()
  }
}

/** For the library's functions of Kafka's API and of logging in: of the connection that they ask for, they only use `send`. */
export const forLibrary = (socket: KafkaSocket): Connection => socket as unknown as Connection

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

const newMemory = (bytes: number): Buffer => Buffer.allocUnsafe(bytes)

const closed = () => new Error('the connection was closed')
