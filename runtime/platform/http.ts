import { createServer, type Server } from 'node:http'
import type { Metrics } from './metrics.ts'

/** What a process answers to probes, to Prometheus and to whoever wants its state as JSON. */
export interface HttpOptions {
  readonly port: number
  readonly host?: string
  readonly isReady: () => boolean
  readonly metrics: Metrics
  /** Path → its JSON. */
  readonly json?: Readonly<Record<string, () => unknown>>
}

export interface HttpServer {
  readonly port: number
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    answer(pathname, options).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => response.writeHead(500).end((error as Error).message),
    )
  })
  await listen(server, options)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () => closeServer(server),
  }
}

async function answer(path: string, { isReady, metrics, json }: HttpOptions): Promise<Answer> {
  // To answer at all is to be alive: liveness must not depend on Kafka or the API server.
  if (path === '/healthz') return verdict(true)
  if (path === '/readyz') return verdict(isReady())
  if (path === '/metrics') {
    return { status: 200, type: metrics.contentType, body: await metrics.render() }
  }
  const read = json?.[path]
  if (read === undefined) return { status: 404, type: 'text/plain', body: 'not found\n' }
  return { status: 200, type: 'application/json', body: JSON.stringify(read()) }
}

const verdict = (ok: boolean): Answer => ({
  status: ok ? 200 : 503,
  type: 'text/plain',
  body: ok ? 'ok\n' : 'not yet\n',
})

function listen(server: Server, { port, host = '0.0.0.0' }: HttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
