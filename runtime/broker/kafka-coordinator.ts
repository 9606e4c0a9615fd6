import { findCoordinatorV2 } from '@platformatic/kafka'
import { type Clock, sleep } from '../platform/clock.ts'
import { BrokerError } from './errors.ts'
import { call } from './kafka-call.ts'
import type { KafkaConnections, Lane } from './kafka-connections.ts'
import type { KafkaDenials } from './kafka-denials.ts'
import { isTransient } from './kafka-errors.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import type { Node } from './kafka-peer.ts'
import type { KafkaSocket } from './kafka-socket.ts'

export interface CoordinatorOptions {
  readonly of: 'group' | 'transaction'
  /** The group's id, or the transactional id. */
  readonly id: string
  /** How long to wait for a prompt answer. */
  readonly patienceMs: number
  readonly connections: KafkaConnections
  readonly metadata: KafkaMetadata
  readonly clock: Clock
  readonly random: () => number
  readonly denials: KafkaDenials
}

const KEY_TYPE = { group: 0, transaction: 1 } as const
const BACKOFF_MS = { first: 10, longest: 400 } as const
const JITTER = 0.2
/** The coordinator is the right one, and busy. */
const BUSY: ReadonlySet<string> = new Set([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'CONCURRENT_TRANSACTIONS',
  'UNSTABLE_OFFSET_COMMIT',
])

/** The broker that keeps one group or one transactional id, found again whenever it moves. */
export class KafkaCoordinator {
  readonly #options: CoordinatorOptions
  #node: Node | undefined

  constructor(options: CoordinatorOptions) {
    this.#options = options
  }

  async connection(lane?: Lane): Promise<KafkaSocket> {
    this.#node ??= await this.#find()
    return this.#options.connections.to(this.#node, lane)
  }

  noteSuccess(): void {
    this.#options.denials.granted(this.#options.of)
  }

  /** Takes note of an error of the coordinator: after most of them another broker may be it by now. */
  noteFailure(error: BrokerError): void {
    const { code } = error
    this.#options.denials.note(this.#options.of, error)
    if (isTransient(code) && !BUSY.has(code)) this.#node = undefined
  }

  /** Repeats what fails for a while; gives up with the last failure once `giveUp` says so or the client closes. */
  async retrying<T>(
    attempt: (connection: KafkaSocket) => Promise<T>,
    giveUp: (last: BrokerError) => boolean,
  ): Promise<T> {
    const { clock, connections } = this.#options
    for (let failures = 0; ; failures++) {
      try {
        return await attempt(await this.connection())
      } catch (error) {
        const failure = error as BrokerError
        this.noteFailure(failure)
        if (!isTransient(failure.code) || connections.closing.aborted || giveUp(failure))
          throw error
        await sleep(clock, this.#pause(failures), connections.closing)
      }
    }
  }

  /** Clients that lost one coordinator together do not come to the next together. */
  #pause(failures: number): number {
    const pause = Math.min(BACKOFF_MS.first * 2 ** failures, BACKOFF_MS.longest)
    return pause * (1 - JITTER + 2 * JITTER * this.#options.random())
  }

  async #find(): Promise<Node> {
    const { of, id, metadata, patienceMs } = this.#options
    const { coordinators } = await call(
      await metadata.anyBroker(),
      {
        api: findCoordinatorV2.api,
        what: `find the coordinator of ${of} ${id}`,
        timeoutMs: patienceMs,
      },
      KEY_TYPE[of],
      [id],
    )
    const found = coordinators[0]
    if (found === undefined) throw new BrokerError('COORDINATOR_NOT_AVAILABLE', `${of} ${id}`)
    return { host: found.host, port: found.port }
  }
}
