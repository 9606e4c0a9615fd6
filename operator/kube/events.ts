import { createHash } from 'node:crypto'
import type { Clock } from '../../runtime/platform/clock.ts'
import type { Logger } from '../../runtime/platform/logger.ts'
import { AlreadyExists } from '../errors.ts'
import { kinds } from './kinds.ts'
import type { Kube, KubeObject } from './kube.ts'

/** Tells users what happened to an object, where `kubectl describe` shows it. */
export interface Events {
  record(about: KubeObject, type: 'Normal' | 'Warning', reason: string, note: string): void
}

const REPEAT_AFTER_MS = 30 * 60_000
const MAX_NOTE_CHARS = 1000
const MAX_REMEMBERED = 5000

/** The same Event about the same object is written once in half an hour. A lost Event is no fault of the object. */
export class EventRecorder implements Events {
  readonly #kube: Kube
  readonly #clock: Clock
  readonly #log: Logger
  readonly #instance: string
  readonly #written = new Map<string, number>()

  constructor(kube: Kube, clock: Clock, log: Logger, instance: string) {
    this.#kube = kube
    this.#clock = clock
    this.#log = log
    this.#instance = instance
  }

  record(about: KubeObject, type: 'Normal' | 'Warning', reason: string, note: string): void {
    const identity = [about.metadata.uid, reason, note].join(' ')
    const nowMs = this.#clock.monotonic()
    if (nowMs - (this.#written.get(identity) ?? -Infinity) < REPEAT_AFTER_MS) return
    if (this.#written.size >= MAX_REMEMBERED) this.#written.clear()
    this.#written.set(identity, nowMs)
    this.#kube.create(this.#event(about, type, reason, note)).catch((error: unknown) => {
      if (!(error instanceof AlreadyExists)) this.#log.warn('event not written', { reason, error })
    })
  }

  #event(
    about: KubeObject,
    type: string,
    reason: string,
    note: string,
  ): KubeObject & Record<string, unknown> {
    const { name, namespace, uid, resourceVersion } = about.metadata
    const now = this.#clock.now()
    const hash = createHash('sha256')
      .update(`${uid} ${reason} ${note} ${now}`)
      .digest('hex')
      .slice(0, 16)
    return {
      ...kinds.event,
      metadata: { name: `${name}.${hash}`, namespace: namespace ?? 'default' },
      // MicroTime: the API server wants six digits.
      eventTime: new Date(now).toISOString().replace('Z', '000Z'),
      type,
      reason,
      note: note.slice(0, MAX_NOTE_CHARS),
      action: reason,
      regarding: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name,
        namespace,
        uid,
        resourceVersion,
      },
      reportingController: 'millrace.dev/operator',
      reportingInstance: this.#instance,
    }
  }
}
