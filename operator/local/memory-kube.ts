import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../runtime/platform/clock.ts'
import { AlreadyExists, Conflict, NotFound } from '../errors.ts'
import type {
  KindRef,
  Kube,
  KubeObject,
  ListOptions,
  ObjectList,
  ObjectRef,
  WatchEvent,
  WatchOptions,
} from '../kube/kube.ts'
import { applyOver } from './merge.ts'

interface Stored extends KubeObject {
  spec?: unknown
  status?: unknown
}

interface Watcher {
  readonly matches: (object: KubeObject) => boolean
  readonly onEvent: (event: WatchEvent<never>) => void
}

/** Defaults and validation of custom resources, as the CRDs have them. Throws `Invalid`. */
export type Admit = (object: KubeObject) => KubeObject

/**
 * An API server in memory, for dev mode: what the operator relies on and no more. Server-side apply, status subresource,
 * generations, finalizers, garbage collection by owner reference, watches.
 */
export class MemoryKube implements Kube {
  readonly #clock: Clock
  readonly #admit: Admit
  readonly #objects = new Map<string, Stored>()
  /** What the last apply of an object said, by path of apply. */
  readonly #owned = new Map<string, unknown>()
  readonly #watchers = new Set<Watcher>()
  #version = 0
  #uid = 0

  constructor(clock: Clock, admit: Admit = (object) => object) {
    this.#clock = clock
    this.#admit = admit
  }

  async get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    return copy(this.#objects.get(idOf(ref))) as T | undefined
  }

  async list<T extends KubeObject>(
    kind: KindRef,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    const matches = matcher(kind, options)
    const items = [...this.#objects.values()]
      .filter(matches)
      .map((object) => copy(object) as unknown as T)
    return { items, resourceVersion: String(this.#version) }
  }

  watch<T extends KubeObject>(kind: KindRef, options: WatchOptions<T>): Promise<void> {
    const watcher = {
      matches: matcher(kind, options),
      onEvent: options.onEvent as Watcher['onEvent'],
    }
    // What changed between the list and now would otherwise be lost.
    for (const object of this.#objects.values()) {
      const newer = Number(object.metadata.resourceVersion) > Number(options.resourceVersion)
      if (newer && watcher.matches(object))
        watcher.onEvent({ type: 'MODIFIED', object: copy(object) as never })
    }
    this.#watchers.add(watcher)
    return new Promise((resolve) => {
      const end = () => {
        this.#watchers.delete(watcher)
        resolve()
      }
      if (options.signal.aborted) end()
      else options.signal.addEventListener('abort', end, { once: true })
    })
  }

  async apply<T extends KubeObject>(object: T): Promise<T> {
    const id = idOf(refOf(object))
    const live = this.#objects.get(id)
    const merged = applyOver(live ?? {}, object, this.#owned.get(id)) as Stored
    const stored = this.#store(this.#admit(merged), live)
    this.#owned.set(id, copy(object))
    return stored as unknown as T
  }

  async applyStatus<T extends KubeObject>(object: T): Promise<T> {
    const id = idOf(refOf(object))
    const live = this.#objects.get(id)
    if (live === undefined) throw new NotFound(`${id} does not exist`)
    const { status } = object as Stored
    const merged = applyOver(live.status ?? {}, status, this.#owned.get(`${id}/status`))
    this.#owned.set(`${id}/status`, copy(status))
    return this.#store({ ...live, status: merged }, live) as unknown as T
  }

  async create<T extends KubeObject>(object: T): Promise<T> {
    const id = idOf(refOf(object))
    if (this.#objects.has(id)) throw new AlreadyExists(`${id} exists already`)
    return this.#store(this.#admit(copy(object)), undefined) as unknown as T
  }

  async replace<T extends KubeObject>(object: T): Promise<T> {
    const live = this.#objects.get(idOf(refOf(object)))
    if (live === undefined) throw new NotFound(`${object.metadata.name} does not exist`)
    if (live.metadata.resourceVersion !== object.metadata.resourceVersion) {
      throw new Conflict(`${object.metadata.name} has changed since it was read`)
    }
    return this.#store(this.#admit(copy(object)), live) as unknown as T
  }

  async delete(ref: ObjectRef): Promise<void> {
    const live = this.#objects.get(idOf(ref))
    if (live === undefined) return
    if ((live.metadata.finalizers ?? []).length === 0) return this.#remove(live)
    if (live.metadata.deletionTimestamp !== undefined) return
    const deletionTimestamp = this.#now()
    this.#store({ ...live, metadata: { ...live.metadata, deletionTimestamp } }, live)
  }

  async setFinalizer(ref: ObjectRef, finalizer: string, present: boolean): Promise<void> {
    const live = this.#objects.get(idOf(ref))
    const finalizers = live?.metadata.finalizers ?? []
    if (live === undefined || finalizers.includes(finalizer) === present) return
    const wanted = present
      ? [...finalizers, finalizer]
      : finalizers.filter((name) => name !== finalizer)
    const next = { ...live, metadata: { ...live.metadata, finalizers: wanted } }
    const gone = live.metadata.deletionTimestamp !== undefined && wanted.length === 0
    if (gone) this.#remove(next)
    else this.#store(next, live)
  }

  #store(wanted: Stored, live: Stored | undefined): Stored {
    const object = copy(wanted)
    const { metadata } = object
    metadata.uid = live?.metadata.uid ?? `uid-${++this.#uid}`
    metadata.creationTimestamp = live?.metadata.creationTimestamp ?? this.#now()
    metadata.generation = generationOf(object, live)
    if (live !== undefined && isDeepStrictEqual(withoutVersion(object), withoutVersion(live)))
      return copy(live)
    metadata.resourceVersion = String(++this.#version)
    this.#objects.set(idOf(refOf(object)), object)
    this.#tell(live === undefined ? 'ADDED' : 'MODIFIED', object)
    return copy(object)
  }

  #remove(object: Stored): void {
    const id = idOf(refOf(object))
    this.#objects.delete(id)
    this.#owned.delete(id)
    this.#owned.delete(`${id}/status`)
    object.metadata.resourceVersion = String(++this.#version)
    this.#tell('DELETED', object)
    const orphans = [...this.#objects.values()].filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid),
    )
    for (const orphan of orphans) void this.delete(refOf(orphan))
  }

  #tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Stored): void {
    for (const { matches, onEvent } of this.#watchers) {
      if (matches(object)) onEvent({ type, object: copy(object) as never })
    }
  }

  #now(): string {
    return `${new Date(this.#clock.now()).toISOString().slice(0, 19)}Z`
  }
}

const copy = <T>(value: T): T => structuredClone(value)

/** Only a change of the spec counts; labels and status do not. */
function generationOf(object: Stored, live: Stored | undefined): number {
  if (live === undefined) return 1
  const before = live.metadata.generation ?? 1
  return isDeepStrictEqual(object.spec, live.spec) ? before : before + 1
}

function withoutVersion(object: Stored): unknown {
  return { ...object, metadata: { ...object.metadata, resourceVersion: undefined } }
}

const idOf = ({ apiVersion, kind, namespace, name }: ObjectRef): string =>
  `${apiVersion}/${kind}/${namespace ?? ''}/${name}`

const refOf = ({ apiVersion, kind, metadata }: KubeObject): ObjectRef => ({
  apiVersion,
  kind,
  name: metadata.name,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
})

function matcher({ apiVersion, kind }: KindRef, { namespace, labelSelector }: ListOptions) {
  const wanted = (labelSelector ?? '').split(',').filter((part) => part !== '')
  return (object: KubeObject): boolean =>
    object.apiVersion === apiVersion &&
    object.kind === kind &&
    (namespace === undefined || object.metadata.namespace === namespace) &&
    wanted.every((part) => hasLabel(object, part))
}

/** `name=value`, or `name` alone: it is there. */
function hasLabel({ metadata }: KubeObject, selector: string): boolean {
  const [name = '', value] = selector.split('=')
  const found = metadata.labels?.[name]
  return value === undefined ? found !== undefined : found === value
}
