import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { Unavailable } from '../errors.ts'
import { asError } from './status-error.ts'

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly contentType?: string
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 10_000

/** One request with the credentials of the kubeconfig, which renews tokens by itself. Throws our own errors. */
export async function send<T>(config: KubeConfig, request: KubeRequest): Promise<T> {
  const response = await open(config, request)
  const text = await textOf(response)
  const { statusCode = 0, headers } = response
  if (statusCode >= 200 && statusCode < 300)
    return (text === '' ? undefined : JSON.parse(text)) as T
  throw asError(statusCode, text, headers['retry-after'], `${request.method} ${request.path}`)
}

/** Opens the response without reading it, for watches. */
export async function open(config: KubeConfig, request: KubeRequest): Promise<IncomingMessage> {
  const url = urlOf(config, request)
  const body = request.body === undefined ? undefined : JSON.stringify(request.body)
  const options: RequestOptions = {
    method: request.method,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    },
    signal: signalOf(request),
  }
  await config.applyToHTTPSOptions(options)
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'http:' ? httpRequest : httpsRequest
    const outgoing = start(url, options, resolve)
    outgoing.once('error', (error) => reject(unreachable(request, error)))
    outgoing.end(body)
  })
}

function urlOf(config: KubeConfig, { path, query }: KubeRequest): URL {
  const server = config.getCurrentCluster()?.server
  if (server === undefined) throw new Unavailable('the kubeconfig names no cluster')
  const url = new URL(path, server)
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value)
  }
  return url
}

function signalOf({ signal, timeoutMs = DEFAULT_TIMEOUT_MS }: KubeRequest): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs)
  return signal === undefined ? timeout : AbortSignal.any([timeout, signal])
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer)
  } catch (error) {
    throw new Unavailable(`the API server broke off its answer: ${(error as Error).message}`, {
      cause: error,
    })
  }
  return Buffer.concat(chunks).toString('utf8')
}

const unreachable = ({ method, path }: KubeRequest, error: Error) =>
  new Unavailable(`${method} ${path}: the API server does not answer: ${error.message}`, {
    cause: error,
  })
