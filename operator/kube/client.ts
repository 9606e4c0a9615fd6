import { createInterface } from 'node:readline'
import type { IncomingMessage } from 'node:http'
import { KubeConfig } from '@kubernetes/client-node'
import { Expired, NotFound, Unavailable } from '../errors.ts'
import { resourcePath } from './kinds.ts'
import type {
  KindRef,
  Kube,
  KubeObject,
  ListOptions,
  ObjectList,
  ObjectRef,
  WatchEvent,
  WatchOptions,
} from './kube.ts'
import { open, send } from './request.ts'
import { asError } from './status-error.ts'

export const FIELD_MANAGER = 'millrace-operator'

const APPLY = 'application/apply-patch+yaml'
const JSON_PATCH = 'application/json-patch+json'
const FINALIZER_TRIES = 5

/** The server closes a watch itself after this; a connection that died silently is noticed by the reflector before. */
const WATCH_SECONDS = 290

/** The port on a real API server: requests of our own with the kubeconfig's credentials. */
export class KubeClient implements Kube {
  readonly #config: KubeConfig

  /** KUBECONFIG, ~/.kube/config or the pod's service account, in the order that kubectl has. */
  static fromDefault(): KubeClient {
    const config = new KubeConfig()
    config.loadFromDefault()
    return new KubeClient(config)
  }

  constructor(config: KubeConfig) {
    this.#config = config
  }

  async get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    try {
      return await send<T>(this.#config, { method: 'GET', path: pathOf(ref) })
    } catch (error) {
      if (error instanceof NotFound) return undefined
      throw error
    }
  }

  async list<T extends KubeObject>(
    kind: KindRef,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    const { namespace, labelSelector, limit, continue: from } = options
    const query = { labelSelector, limit: limit?.toString(), continue: from }
    const { items, metadata } = await send<RawList<T>>(this.#config, {
      method: 'GET',
      path: resourcePath(kind, namespace),
      query,
    })
    return {
      // A list leaves out what its items have in common.
      items: items.map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind })),
      resourceVersion: metadata.resourceVersion,
      ...(metadata.continue ? { continue: metadata.continue } : {}),
    }
  }

  async watch<T extends KubeObject>(kind: KindRef, options: WatchOptions<T>): Promise<void> {
    const { namespace, labelSelector, resourceVersion, signal, onEvent } = options
    const response = await open(this.#config, {
      method: 'GET',
      path: resourcePath(kind, namespace),
      query: {
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(WATCH_SECONDS),
        labelSelector,
        resourceVersion,
      },
      signal,
      timeoutMs: (WATCH_SECONDS + 30) * 1000,
    })
    if (response.statusCode !== 200) {
      response.resume()
      throw asError(response.statusCode ?? 0, '', undefined, `watch ${kind.kind}`)
    }
    await readEvents(response, kind, onEvent)
  }

  apply<T extends KubeObject>(object: T): Promise<T> {
    return this.#apply(object, pathOf(refOf(object)))
  }

  applyStatus<T extends KubeObject>(object: T): Promise<T> {
    return this.#apply(object, `${pathOf(refOf(object))}/status`)
  }

  create<T extends KubeObject>(object: T): Promise<T> {
    const path = resourcePath(object, object.metadata.namespace)
    return send<T>(this.#config, { method: 'POST', path, body: object })
  }

  replace<T extends KubeObject>(object: T): Promise<T> {
    return send<T>(this.#config, { method: 'PUT', path: pathOf(refOf(object)), body: object })
  }

  async delete(ref: ObjectRef, { uid }: { readonly uid?: string } = {}): Promise<void> {
    const body = {
      propagationPolicy: 'Background',
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    }
    try {
      await send(this.#config, { method: 'DELETE', path: pathOf(ref), body })
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
  }

  /** A JSON patch that first tests what it read: a list replaced blindly would drop somebody else's finalizer. */
  async setFinalizer(ref: ObjectRef, finalizer: string, present: boolean): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const object = await this.get(ref)
      const finalizers = object?.metadata.finalizers ?? []
      if (object === undefined || finalizers.includes(finalizer) === present) return
      const wanted = present
        ? [...finalizers, finalizer]
        : finalizers.filter((name) => name !== finalizer)
      const test = {
        op: 'test',
        path: '/metadata/resourceVersion',
        value: object.metadata.resourceVersion,
      }
      const body = [test, { op: 'add', path: '/metadata/finalizers', value: wanted }]
      try {
        await send(this.#config, {
          method: 'PATCH',
          path: pathOf(ref),
          body,
          contentType: JSON_PATCH,
        })
        return
      } catch (error) {
        if (error instanceof NotFound) return
        if (attempt >= FINALIZER_TRIES) throw error
      }
    }
  }

  #apply<T extends KubeObject>(object: T, path: string): Promise<T> {
    return send<T>(this.#config, {
      method: 'PATCH',
      path,
      query: { fieldManager: FIELD_MANAGER, force: 'true' },
      body: object,
      contentType: APPLY,
    })
  }
}

interface RawList<T> {
  readonly items: T[]
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
}

const pathOf = (ref: ObjectRef): string => resourcePath(ref, ref.namespace, ref.name)

export const refOf = ({ apiVersion, kind, metadata }: KubeObject): ObjectRef => ({
  apiVersion,
  kind,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  name: metadata.name,
})

async function readEvents<T extends KubeObject>(
  response: IncomingMessage,
  kind: KindRef,
  onEvent: (event: WatchEvent<T>) => void,
): Promise<void> {
  try {
    for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
      if (line !== '') onEvent(parseEvent<T>(line, kind))
    }
  } catch (error) {
    if (error instanceof Expired || error instanceof Unavailable) throw error
    throw new Unavailable(`watch ${kind.kind} broke off: ${(error as Error).message}`, {
      cause: error,
    })
  }
  if (!response.complete) throw new Unavailable(`watch ${kind.kind} was cut off`)
}

/** An ERROR event ends the watch, whatever its code: nothing after it can be relied on. */
function parseEvent<T extends KubeObject>(line: string, kind: KindRef): WatchEvent<T> {
  const event = JSON.parse(line) as {
    type: string
    object: T & { code?: number; message?: string }
  }
  if (event.type !== 'ERROR') return event as WatchEvent<T>
  const { code, message } = event.object
  if (code === 410) throw new Expired(`watch ${kind.kind}: ${message}`)
  throw new Unavailable(`watch ${kind.kind}: ${code} ${message}`)
}
