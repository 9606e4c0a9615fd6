import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { expect } from 'chai'
import { KubeClient } from '../../../operator/kube/client.ts'
import { kinds } from '../../../operator/kube/kinds.ts'
import { Reflector } from '../../../operator/kube/watch.ts'
import { silentLogger } from '../../../runtime/platform/silent-logger.ts'
import type { Clock } from '../../../runtime/platform/clock.ts'
import { eventually } from '../../support/eventually.ts'

/** Real time, a thousand times as fast: back-off and silence are minutes otherwise. */
const fast: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now() * 1000,
  after(ms, run) {
    const handle = setTimeout(run, ms / 1000)
    return { cancel: () => clearTimeout(handle) }
  },
}

type Answer = (response: ServerResponse) => void

const pod = (name: string, version: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'n', resourceVersion: String(version) },
})

const list =
  (version: number, ...items: object[]): Answer =>
  (response) =>
    response.end(JSON.stringify({ metadata: { resourceVersion: String(version) }, items }))
const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`
const events =
  (...lines: string[]): Answer =>
  (response) =>
    response.end(lines.join(''))
const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code).end(JSON.stringify({ kind: 'Status', code, message: 'as told' }))
const hang: Answer = (response) => void response.flushHeaders()
const cutOff: Answer = (response) => {
  response.write(event('ADDED', pod('half', 9)).slice(0, 20))
  setImmediate(() => response.destroy())
}

describe('operator/kube/watch.ts against an API server that misbehaves', () => {
  let server: Server
  let lists: Answer[]
  let watches: Answer[]
  let versions: string[]
  let seen: string[]
  let stop: AbortController
  let running: Promise<void>

  beforeEach(async () => {
    lists = []
    watches = []
    versions = []
    seen = []
    server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
      const isWatch = searchParams.get('watch') === 'true'
      if (isWatch) versions.push(searchParams.get('resourceVersion') ?? '')
      const answer = (isWatch ? watches : lists).shift() ?? (isWatch ? hang : list(99))
      answer(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    stop = new AbortController()
  })

  afterEach(async () => {
    stop.abort()
    await running
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  function start(): Reflector {
    const { port } = server.address() as AddressInfo
    const config = new KubeConfig()
    config.loadFromClusterAndUser(
      { name: 'fake', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: 'nobody' },
    )
    const reflector = new Reflector({
      kube: new KubeClient(config),
      kind: kinds.pod,
      clock: fast,
      random: () => 0.5,
      log: silentLogger,
      onObject: ({ metadata }) => seen.push(`${metadata.name}@${metadata.resourceVersion}`),
    })
    running = reflector.run(stop.signal)
    return reflector
  }

  const expectSeen = (...expected: string[]) =>
    eventually(() => expect(seen).to.deep.equal(expected))

  it('tells of what is listed and of each event', async () => {
    lists.push(list(5, pod('a', 3)))
    watches.push(events(event('ADDED', pod('b', 6)), event('DELETED', pod('a', 7))))
    start()
    await expectSeen('a@3', 'b@6', 'a@7')
  })

  it('goes on from the last event, a bookmark counted, without listing again', async () => {
    lists.push(list(5))
    watches.push(events(event('BOOKMARK', pod('', 8))), events(event('ADDED', pod('b', 9))))
    start()
    await expectSeen('b@9')
    expect(versions.slice(0, 3)).to.deep.equal(['5', '8', '9'])
  })

  it('lists again when the version is too old, and tells of what went meanwhile', async () => {
    lists.push(list(5, pod('a', 3), pod('b', 4)), list(20, pod('b', 4), pod('c', 19)))
    watches.push(events(event('ERROR', { kind: 'Status', code: 410, message: 'too old' })))
    start()
    await expectSeen('a@3', 'b@4', 'a@3', 'c@19')
  })

  it('lists again after an HTTP 410', async () => {
    lists.push(list(5), list(20, pod('c', 19)))
    watches.push(status(410))
    start()
    await expectSeen('c@19')
  })

  it('lists again after a connection that broke in the middle of an event', async () => {
    lists.push(list(5), list(20, pod('half', 9)))
    watches.push(cutOff)
    start()
    await expectSeen('half@9')
  })

  it('never gives up on an API server that is overloaded or down', async () => {
    lists.push(status(500), status(429), status(503), (response) => response.destroy())
    lists.push(list(5, pod('a', 3)))
    const reflector = start()
    await reflector.firstList
    await expectSeen('a@3')
    expect(reflector.synced).to.equal(true)
  })

  it('gives up on a watch that is silent, and comes back', async () => {
    lists.push(list(5), list(6, pod('a', 6)))
    watches.push(hang)
    start()
    await eventually(() => expect(versions.length).to.be.greaterThan(1))
  })

  it('is told of an object again only if it has changed', async () => {
    lists.push(list(5, pod('a', 3)), list(6, pod('a', 3)), list(7, pod('a', 7)))
    watches.push(status(410), status(410))
    start()
    await expectSeen('a@3', 'a@7')
  })
})
