import { type Clock, sleep } from '../../runtime/platform/clock.ts'
import type { Logger } from '../../runtime/platform/logger.ts'
import { AlreadyExists, Conflict } from '../errors.ts'
import { kinds } from './kinds.ts'
import type { Kube, KubeObject } from './kube.ts'

interface Lease extends KubeObject {
  spec: {
    holderIdentity?: string
    leaseDurationSeconds?: number
    acquireTime?: string
    renewTime?: string
    leaseTransitions?: number
  }
}

export interface LeaseOptions {
  readonly kube: Kube
  readonly clock: Clock
  readonly log: Logger
  readonly namespace: string
  readonly name: string
  readonly identity: string
}

const DURATION_MS = 15_000
const RENEW_DEADLINE_MS = 10_000
const RETRY_MS = 2000

/**
 * Leader election on a Lease. Nobody's wall clock is compared: a candidate watches whether the lease changes, and takes it
 * when it has not for a whole duration. A leader that could not renew in time stops being one before another may start.
 */
export class LeaderElection {
  readonly #options: LeaseOptions
  #seen = { version: '', sinceMs: 0 }
  #renewedMs = -Infinity

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** Looked at before each write; goes by the monotonic clock, so a process that was paused finds itself out. */
  get isLeader(): boolean {
    return this.#options.clock.monotonic() - this.#renewedMs < RENEW_DEADLINE_MS
  }

  /** Resolves once this process leads; returns early if `signal` aborts. */
  async acquire(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(await this.#tryOnce()))
      await sleep(this.#options.clock, RETRY_MS, signal)
  }

  /** Renews until leadership is lost or `signal` aborts. On abort it first lets `stopWork` end, then gives the lease back. */
  async hold(signal: AbortSignal, stopWork: () => Promise<void>): Promise<void> {
    while (!signal.aborted && this.isLeader) {
      await sleep(this.#options.clock, RETRY_MS, signal)
      if (!signal.aborted) await this.#tryOnce()
    }
    if (!signal.aborted) return
    await stopWork()
    await this.#release()
  }

  /** True when the lease is ours afterwards. */
  async #tryOnce(): Promise<boolean> {
    const { clock, log } = this.#options
    const startedMs = clock.monotonic()
    try {
      const lease = await this.#read()
      if (lease !== undefined && !this.#mayTake(lease)) return false
      await this.#write(lease)
      // From before the request: the time it took counts against us.
      this.#renewedMs = startedMs
      return true
    } catch (error) {
      if (!(error instanceof Conflict || error instanceof AlreadyExists)) {
        log.warn('lease not renewed', { error })
      }
      return false
    }
  }

  #mayTake({ metadata, spec }: Lease): boolean {
    const { clock, identity } = this.#options
    if (spec.holderIdentity === identity || !spec.holderIdentity) return true
    const version = metadata.resourceVersion ?? ''
    if (version !== this.#seen.version) this.#seen = { version, sinceMs: clock.monotonic() }
    return clock.monotonic() - this.#seen.sinceMs > DURATION_MS
  }

  async #write(lease: Lease | undefined): Promise<void> {
    const { kube, namespace, name } = this.#options
    const spec = this.#spec(lease)
    if (lease === undefined) {
      await kube.create<Lease>({ ...kinds.lease, metadata: { name, namespace }, spec })
    } else {
      await kube.replace<Lease>({ ...lease, spec })
    }
  }

  #spec(lease: Lease | undefined): Lease['spec'] {
    const { clock, identity } = this.#options
    const now = new Date(clock.now()).toISOString().replace('Z', '000Z')
    const ours = lease?.spec.holderIdentity === identity
    return {
      holderIdentity: identity,
      leaseDurationSeconds: DURATION_MS / 1000,
      acquireTime: ours ? (lease.spec.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (lease?.spec.leaseTransitions ?? 0) + (ours || lease === undefined ? 0 : 1),
    }
  }

  async #release(): Promise<void> {
    this.#renewedMs = -Infinity
    try {
      const lease = await this.#read()
      if (lease?.spec.holderIdentity !== this.#options.identity) return
      await this.#options.kube.replace<Lease>({
        ...lease,
        spec: { ...lease.spec, holderIdentity: '' },
      })
    } catch {
      // It runs out by itself.
    }
  }

  #read(): Promise<Lease | undefined> {
    const { kube, namespace, name } = this.#options
    return kube.get<Lease>({ ...kinds.lease, namespace, name })
  }
}
