import { readFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { packageRoot } from '../runtime/platform/own-files.ts'
import type { Snapshot } from './snapshot.ts'

export interface DashboardOptions {
  /** The first port to try. */
  readonly port: number
  readonly snapshot: () => Promise<Snapshot>
}

export interface Dashboard {
  readonly url: string
  close(): Promise<void>
}

const assets = join(packageRoot, 'dashboard', 'assets')

const HOST = '127.0.0.1'
const PORT_TRIES = 20

const files: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/': { file: 'page.html', type: 'text/html; charset=utf-8' },
  '/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
}

const HEADERS = {
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

/** Serves the page on loopback, on the first free port from `port` on. */
export async function serveDashboard({ port, snapshot }: DashboardOptions): Promise<Dashboard> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/api/v1/snapshot') void sendSnapshot(response, snapshot)
    else sendFile(response, pathname)
  })
  const bound = await listen(server, port)
  return {
    url: `http://localhost:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function sendFile(response: ServerResponse, path: string): void {
  const found = files[path]
  if (found === undefined) {
    response.writeHead(404, HEADERS).end('not found')
    return
  }
  response
    .writeHead(200, { ...HEADERS, 'content-type': found.type })
    .end(readFileSync(join(assets, found.file)))
}

async function sendSnapshot(
  response: ServerResponse,
  snapshot: () => Promise<Snapshot>,
): Promise<void> {
  try {
    const body = JSON.stringify(await snapshot())
    response.writeHead(200, { ...HEADERS, 'content-type': 'application/json' }).end(body)
  } catch (error) {
    response.writeHead(500, HEADERS).end((error as Error).message)
  }
}

async function listen(server: Server, first: number): Promise<number> {
  for (let port = first; ; port++) {
    try {
      await tryListen(server, port)
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : port
    } catch (error) {
      const busy = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!busy || port >= first + PORT_TRIES) throw error
    }
  }
}

function tryListen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}
