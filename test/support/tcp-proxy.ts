import { type AddressInfo, createServer, type Server, Socket } from 'node:net'

/** What happens to bytes: passed on, or dropped on the way to the server, to the client, or both. */
export type Traffic = 'pass' | 'no replies' | 'blackhole'

/** Given one message that begins with its length in four bytes: what to answer at once; undefined passes it on. */
export type Intercept = (request: Buffer) => Buffer | undefined

/** A relay in front of one Kafka broker that can lose, hold up and cut what goes through it. */
export class TcpProxy {
  readonly port: number
  traffic: Traffic = 'pass'
  /** How long the server's bytes are held, in ms; order is kept. */
  delayMs = 0
  /** Looks at each message from the client. */
  intercept: Intercept | undefined
  /** Bytes from the server since the start. */
  received = 0
  /** Connections accepted since the start. */
  accepted = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #targetPort: number

  /** Listens at `host` and `port`, by default at any free port of 127.0.0.1. */
  static async to(targetPort: number, { host = '127.0.0.1', port = 0 } = {}): Promise<TcpProxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(port, host, resolve))
    return new TcpProxy(server, targetPort)
  }

  private constructor(server: Server, targetPort: number) {
    this.#server = server
    this.#targetPort = targetPort
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (client) => this.#relay(client))
  }

  get connections(): number {
    return this.#sockets.size / 2
  }

  /** Where new connections go. */
  redirect(port: number): void {
    this.#targetPort = port
  }

  /** Ends every connection with a reset; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) {
      // Node refuses to reset one that is ending, never closes it then, and for that the process never exits.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #relay(client: Socket): void {
    this.accepted++
    const server = new Socket()
    server.connect(this.#targetPort, '127.0.0.1')
    this.#join(client, server)
    this.#join(server, client)
    const messages = new Messages()
    client.on('data', (bytes) => {
      if (this.traffic === 'blackhole') return
      for (const message of messages.add(bytes)) {
        const answer = this.intercept?.(message)
        if (answer === undefined) server.write(message)
        else client.write(answer)
      }
    })
    server.on('data', (bytes) => {
      this.received += bytes.length
      if (this.traffic !== 'pass') return
      if (this.delayMs === 0) client.write(bytes)
      else setTimeout(() => client.write(bytes), this.delayMs)
    })
  }

  /** A lost peer is not told to the other end of a blackhole. */
  #join(socket: Socket, other: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      if (this.traffic !== 'blackhole') other.destroy()
    })
  }
}

const SIZE_BYTES = 4

/** Finds the bounds of messages in a stream of chunks. */
class Messages {
  #rest: Buffer = Buffer.alloc(0)

  add(chunk: Buffer): Buffer[] {
    const whole: Buffer[] = []
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= SIZE_BYTES) {
      const end = SIZE_BYTES + this.#rest.readInt32BE()
      if (this.#rest.length < end) break
      whole.push(this.#rest.subarray(0, end))
      this.#rest = this.#rest.subarray(end)
    }
    return whole
  }
}
