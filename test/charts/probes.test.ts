import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { sharedKafka } from '../kafka/shared.ts'
import { type CommandResult, hasCommand, tryCommand } from '../support/command.ts'
import { requireOrSkip } from '../support/skip.ts'
import { chartFolder, type ChartName } from './render.ts'

/** Runs a script of a chart against a port of this machine instead of the container's own. */
async function probe(
  chart: ChartName,
  script: string,
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-probe-'))
  const text = readFileSync(join(chartFolder(chart), 'files', script), 'utf8')
  const file = join(folder, script)
  writeFileSync(file, text.replace(/localhost\/\d+/, `127.0.0.1/${port}`))
  try {
    return await tryCommand(['bash', file], { env: { ...process.env, ...env } })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('charts/*/files', () => {
  const servers: Server[] = []

  /** A peer that answers the first bytes it gets. */
  async function answering(reply: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => reply(socket))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  before(async function () {
    requireOrSkip(this, (await hasCommand('bash')) ? undefined : 'bash is not installed')
  })

  after(() => servers.forEach((server) => server.close()))

  describe('kafka/files/ready.sh', () => {
    it('is content with a real broker that is registered, and only for its own id', async function () {
      this.timeout(5 * 60_000)
      requireOrSkip(this, (await hasCommand('java')) ? undefined : 'java is not installed')
      const { bootstrapServers } = await sharedKafka()
      const port = Number(bootstrapServers[0]?.split(':')[1])
      const own = await probe('kafka', 'ready.sh', port, { POD_INDEX: '0' })
      expect(own.code, own.stdout + own.stderr).to.equal(0)
      const other = await probe('kafka', 'ready.sh', port, { POD_INDEX: '7' })
      expect(other.code).to.equal(1)
      expect(other.stdout).to.equal('broker 7 is not registered yet\n')
    })

    it('knows a broker by ids, hosts and racks of any length', async () => {
      const brokers = [
        { id: 300, host: 'a\n b\xff' },
        { id: 2, host: 'x'.repeat(300), rack: 'r 1' },
      ]
      const port = await answering((socket) => socket.write(metadata({ brokers, controller: 2 })))
      const { code, stdout } = await probe('kafka', 'ready.sh', port, { POD_INDEX: '2' })
      expect(code, stdout).to.equal(0)
    })

    it('is not content while the cluster has no controller', async () => {
      const brokers = [{ id: 0, host: 'a' }]
      const port = await answering((socket) => socket.write(metadata({ brokers, controller: -1 })))
      const { code, stdout } = await probe('kafka', 'ready.sh', port, { POD_INDEX: '0' })
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: 'the cluster has no controller\n' })
    })

    it('is not content with a peer that hangs up, or that nobody listens at', async () => {
      const port = await answering((socket) => socket.end())
      const { code, stdout } = await probe('kafka', 'ready.sh', port, { POD_INDEX: '0' })
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: 'no answer to Metadata\n' })
      expect((await probe('kafka', 'ready.sh', 1, { POD_INDEX: '0' })).code).to.equal(1)
    })
  })

  describe('zookeeper/files/ready.sh', () => {
    const serving = 'Zookeeper version: 3.8.4\nLatency min/avg/max: 0/0.0/0\nMode: follower\n'
    const waiting = 'This ZooKeeper instance is not currently serving requests\n'

    it('is content with a server that has a mode', async () => {
      const port = await answering((socket) => socket.end(serving))
      expect((await probe('zookeeper', 'ready.sh', port)).code).to.equal(0)
    })

    it('is not content with a server that waits for its quorum', async () => {
      const port = await answering((socket) => socket.end(waiting))
      const { code, stdout } = await probe('zookeeper', 'ready.sh', port)
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: `not serving: ${waiting}` })
    })

    it('lets a broker start when one server of several serves', async () => {
      const asleep = await answering((socket) => socket.end(waiting))
      const awake = await answering((socket) => socket.end(serving))
      const connect = `127.0.0.1:1,127.0.0.1:${asleep},127.0.0.1:${awake}/chroot`
      const env = { ZOOKEEPER_CONNECT: connect }
      expect((await probe('kafka', 'wait-for-zookeeper.sh', 0, env)).code).to.equal(0)
    })
  })
})

interface Metadata {
  readonly brokers: readonly {
    readonly id: number
    readonly host: string
    readonly rack?: string
  }[]
  readonly controller: number
}

/** Metadata response, version 1, without topics. */
function metadata({ brokers, controller }: Metadata): Buffer {
  const body = Buffer.concat([
    int32(1),
    int32(brokers.length),
    ...brokers.flatMap(({ id, host, rack }) => [
      int32(id),
      string(host),
      int32(9092),
      string(rack),
    ]),
    int32(controller),
    int32(0),
  ])
  return Buffer.concat([int32(body.length), body])
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

function string(value: string | undefined): Buffer {
  const bytes = Buffer.from(value ?? '', 'latin1')
  const length = Buffer.alloc(2)
  length.writeInt16BE(value === undefined ? -1 : bytes.length)
  return Buffer.concat([length, bytes])
}
