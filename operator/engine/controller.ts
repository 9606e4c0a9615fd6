import type { Clock } from '../../runtime/platform/clock.ts'
import type { Logger } from '../../runtime/platform/logger.ts'
import { Conflict } from '../errors.ts'
import type { Kube } from '../kube/kube.ts'
import { Reflector } from '../kube/watch.ts'
import { backoffMs } from './backoff.ts'
import { type ControllerSpec, type Key, keyText } from './controller-spec.ts'
import { WorkQueue } from './work-queue.ts'

export interface ControllerOptions {
  readonly kube: Kube
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[]
  readonly onReconciled?: (
    controller: string,
    result: 'ok' | 'conflict' | 'error',
    seconds: number,
  ) => void
}

const WORKERS = 8
const CONFLICT_RETRY_MS = 100

/** watch → key → queue → reconcile → again later. A failing key backs off alone; nothing here ever ends the operator. */
export class Controller {
  readonly #spec: ControllerSpec
  readonly #options: ControllerOptions
  readonly #queue: WorkQueue
  readonly #reflectors: readonly Reflector[]
  readonly #attempts = new Map<string, number>()

  constructor(spec: ControllerSpec, options: ControllerOptions) {
    this.#spec = spec
    this.#options = options
    this.#queue = new WorkQueue(options.clock)
    const namespaces = options.namespaces.length === 0 ? [undefined] : options.namespaces
    this.#reflectors = namespaces.flatMap((namespace) =>
      spec.watches.map(
        ({ keysOf, ...watch }) =>
          new Reflector({
            ...options,
            ...watch,
            ...(namespace === undefined ? {} : { namespace }),
            onObject: (object) => keysOf(object).forEach((key) => this.#queue.add(keyText(key))),
          }),
      ),
    )
  }

  get queueDepth(): number {
    return this.#queue.depth
  }

  /** Every watch has listed once: acting on less would be acting on a half-seen world. */
  get synced(): boolean {
    return this.#reflectors.every((reflector) => reflector.synced)
  }

  /** Milliseconds since the watch that has been silent for longest was heard of. */
  get silentMs(): number {
    return Math.max(...this.#reflectors.map((reflector) => reflector.silentMs))
  }

  /** Works until `signal` aborts; resolves when what was running has ended. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#queue.close(), { once: true })
    const watching = this.#reflectors.map((reflector) => reflector.run(signal))
    await Promise.all(this.#reflectors.map((reflector) => reflector.firstList))
    const working = Array.from({ length: WORKERS }, () => this.#work())
    await Promise.all([...watching, ...working])
  }

  async #work(): Promise<void> {
    for (;;) {
      const text = await this.#queue.take()
      if (text === undefined) return
      await this.#reconcile(text)
      this.#queue.done(text)
    }
  }

  async #reconcile(text: string): Promise<void> {
    const { clock, onReconciled } = this.#options
    const started = clock.monotonic()
    const report = (result: 'ok' | 'conflict' | 'error') =>
      onReconciled?.(this.#spec.name, result, (clock.monotonic() - started) / 1000)
    try {
      const { againMs } = await this.#spec.reconcile(parseKey(text))
      this.#attempts.delete(text)
      if (againMs !== undefined) this.#queue.addAfter(text, againMs)
      report('ok')
    } catch (error) {
      report(error instanceof Conflict ? 'conflict' : 'error')
      this.#retry(text, error)
    }
  }

  #retry(text: string, error: unknown): void {
    // Somebody else wrote first; a fresh read settles it.
    if (error instanceof Conflict) return this.#queue.addAfter(text, CONFLICT_RETRY_MS)
    const attempt = (this.#attempts.get(text) ?? 0) + 1
    this.#attempts.set(text, attempt)
    const delayMs = backoffMs(attempt, this.#options.random)
    this.#options.log.warn('reconcile failed', {
      kind: this.#spec.name,
      object: text,
      attempt,
      delayMs,
      error,
    })
    this.#queue.addAfter(text, delayMs)
  }
}

function parseKey(text: string): Key {
  const [namespace = '', name = ''] = text.split('/')
  return { namespace, name }
}
