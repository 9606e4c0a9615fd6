import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { Writer } from '@platformatic/kafka'
import { expect } from 'chai'
import { KafkaSocket } from '../../../runtime/broker/kafka-socket.ts'

/** An answer as it comes off the wire. */
function answer(id: number, text: string): Buffer {
  const body = Writer.create().appendInt32(id).appendString(text, false)
  return body.prependLength().buffer
}

describe('runtime/broker/kafka-socket.ts', () => {
  let server: Server
  let peer: Socket
  let connection: KafkaSocket
  let heard: Buffer[]

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const accepted = once(server, 'connection') as Promise<[Socket]>
    connection = new KafkaSocket({ clientId: 'us', host: '127.0.0.1', port })
    await connection.opened()
    peer = (await accepted)[0]
    heard = []
    peer.on('data', (chunk: Buffer) => heard.push(chunk))
    peer.on('error', () => undefined)
  })

  afterEach(() => {
    connection.close()
    peer.destroy()
    server.close()
  })

  const ask = (payload: Writer = Writer.create()): Promise<string> =>
    new Promise((resolve, reject) => {
      connection.send(
        18,
        3,
        () => payload,
        (_id, _key, _version, reader) => reader.readString(false),
        false,
        false,
        (error, text) => (error === null ? resolve(text ?? '') : reject(error)),
      )
    })

  it('writes a request as the library does: size, key, version, number, client, payload', async () => {
    void ask(Writer.create().appendInt16(7).append(Buffer.from('records'))).catch(() => undefined)
    const expected = Buffer.concat([
      Buffer.from('00000015' + '0012' + '0003' + '00000001' + '0002', 'hex'),
      Buffer.from('us'),
      Buffer.from('0007', 'hex'),
      Buffer.from('records'),
    ])
    while (Buffer.concat(heard).length < expected.length) await once(peer, 'data')
    expect(Buffer.concat(heard)).to.deep.equal(expected)
  })

  it('gives answers to whom they belong, in whatever order they come', async () => {
    const asked = [ask(), ask()]
    peer.write(Buffer.concat([answer(2, 'second'), answer(1, 'first')]))
    expect(await Promise.all(asked)).to.deep.equal(['first', 'second'])
  })

  it('fails a request whose answer cannot be read, and reads on', async () => {
    const asked = [ask(), ask()]
    const short = Buffer.from('00000005' + '00000001' + '00', 'hex')
    peer.write(Buffer.concat([short, answer(2, 'second')]))
    const [first, second] = await Promise.allSettled(asked)
    expect(first?.status).to.equal('rejected')
    expect(second).to.deep.equal({ status: 'fulfilled', value: 'second' })
  })

  for (const [what, bytes] of [
    ['answers what nobody asked', answer(99, 'what?')],
    ['speaks TLS', Buffer.from('15030300020246', 'hex')],
    ['speaks HTTP', Buffer.from('HTTP/1.1 400 Bad Request')],
    ['hangs up', undefined],
  ] as const) {
    it(`fails what is under way, and all later, when the peer ${what}`, async () => {
      const asked = ask()
      if (bytes === undefined) peer.destroy()
      else peer.write(bytes)
      const [outcome] = await Promise.allSettled([asked])
      expect(outcome.status).to.equal('rejected')
      const [later] = await Promise.allSettled([ask()])
      expect(later.status).to.equal('rejected')
    })
  }
})
