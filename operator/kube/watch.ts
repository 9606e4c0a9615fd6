import { type Clock, sleep, type Timer } from '../../runtime/platform/clock.ts'
import type { Logger } from '../../runtime/platform/logger.ts'
import { Expired, Unavailable } from '../errors.ts'
import type { KindRef, Kube, KubeObject } from './kube.ts'

export interface ReflectorOptions {
  readonly kube: Kube
  readonly kind: KindRef
  readonly namespace?: string
  readonly labelSelector?: string
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Gets an object that is new, changed or gone: as it is, or as it was last seen. Must not throw. */
  readonly onObject: (object: KubeObject) => void
}

const PAGE = 500
const MIN_RETRY_MS = 500
const MAX_RETRY_MS = 30_000
/** A lost event is repaired by listing again, even if the watch seems fine. */
const RELIST_MS = 10 * 60_000
/** Bookmarks come about once a minute; silence for longer means a dead connection. */
const SILENCE_MS = 90_000

/**
 * Lists, then watches, for ever: whatever ends a watch, another follows, from where it was or, if the server has forgotten
 * that, from a new list. What the list no longer has was deleted while nobody looked.
 */
export class Reflector {
  readonly firstList: Promise<void>
  readonly #options: ReflectorOptions
  readonly #seen = new Map<string, KubeObject>()
  #resolveFirstList: () => void = () => undefined
  #synced = false
  #heardMs: number
  #failures = 0

  constructor(options: ReflectorOptions) {
    this.#options = options
    this.#heardMs = options.clock.monotonic()
    this.firstList = new Promise((resolve) => (this.#resolveFirstList = resolve))
  }

  get synced(): boolean {
    return this.#synced
  }

  get silentMs(): number {
    return this.#options.clock.monotonic() - this.#heardMs
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', this.#resolveFirstList, { once: true })
    while (!signal.aborted) {
      try {
        const resourceVersion = await this.#list()
        await this.#watchFrom(resourceVersion, signal)
        this.#failures = 0
      } catch (error) {
        if (!signal.aborted) await this.#pause(error as Error, signal)
      }
    }
  }

  async #list(): Promise<string> {
    const { kube, kind, namespace, labelSelector } = this.#options
    const found = new Map<string, KubeObject>()
    let page = await kube.list(kind, { namespace, labelSelector, limit: PAGE })
    for (;;) {
      for (const object of page.items) found.set(idOf(object), object)
      if (page.continue === undefined) break
      page = await kube.list(kind, {
        namespace,
        labelSelector,
        limit: PAGE,
        continue: page.continue,
      })
    }
    this.#heard()
    this.#replaceSeen(found)
    this.#synced = true
    this.#resolveFirstList()
    return page.resourceVersion
  }

  #replaceSeen(found: ReadonlyMap<string, KubeObject>): void {
    const gone = [...this.#seen].filter(([id]) => !found.has(id)).map(([, object]) => object)
    const changed = [...found].filter(
      ([id, object]) => versionOf(this.#seen.get(id)) !== versionOf(object),
    )
    for (const object of gone) this.#seen.delete(idOf(object))
    for (const [id, object] of found) this.#seen.set(id, object)
    for (const object of [...gone, ...changed.map(([, object]) => object)])
      this.#options.onObject(object)
  }

  /** Watches on from where the last watch ended, until it is time to list anew. */
  async #watchFrom(listed: string, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options
    const relistAt = clock.monotonic() + RELIST_MS * (1 + random() / 10)
    let resourceVersion = listed
    while (!signal.aborted && clock.monotonic() < relistAt) {
      resourceVersion = await this.#watchOnce(resourceVersion, signal)
    }
  }

  async #watchOnce(from: string, signal: AbortSignal): Promise<string> {
    const { kube, kind, namespace, labelSelector, clock } = this.#options
    let resourceVersion = from
    const silence = new AbortController()
    let timer: Timer = clock.after(SILENCE_MS, () => silence.abort())
    try {
      await kube.watch(kind, {
        namespace,
        labelSelector,
        resourceVersion,
        signal: AbortSignal.any([signal, silence.signal]),
        onEvent: ({ type, object }) => {
          this.#heard()
          timer.cancel()
          timer = clock.after(SILENCE_MS, () => silence.abort())
          resourceVersion = versionOf(object) ?? resourceVersion
          if (type === 'BOOKMARK') return
          if (type === 'DELETED') this.#seen.delete(idOf(object))
          else this.#seen.set(idOf(object), object)
          this.#options.onObject(object)
        },
      })
      this.#heard()
      return resourceVersion
    } finally {
      timer.cancel()
    }
  }

  #heard(): void {
    this.#heardMs = this.#options.clock.monotonic()
    this.#failures = 0
  }

  async #pause(error: Error, signal: AbortSignal): Promise<void> {
    const { clock, random, log, kind } = this.#options
    if (error instanceof Expired) return
    const backoff = Math.min(MIN_RETRY_MS * 2 ** this.#failures++, MAX_RETRY_MS)
    const asked = error instanceof Unavailable ? (error.retryAfterMs ?? 0) : 0
    const delayMs = Math.max(asked, backoff * (0.8 + random() / 5))
    log.warn('watch ended; listing again', { kind: kind.kind, delayMs, error })
    await sleep(clock, delayMs, signal)
  }
}

const idOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`

const versionOf = (object: KubeObject | undefined): string | undefined =>
  object?.metadata.resourceVersion
