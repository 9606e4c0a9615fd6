import { type Connection, findCoordinatorV2 } from '@platformatic/kafka'
import { type Clock, sleep } from '../platform/clock.ts'
import { BrokerError } from './errors.ts'
import { call, PROMPT_ANSWER_MS } from './kafka-call.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import type { KafkaDenials } from './kafka-denials.ts'
import { isTransient } from './kafka-errors.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import type { Node } from './kafka-peer.ts'

export interface CoordinatorOptions {
  readonly groupId: string
  readonly sessionTimeoutMs: number
  readonly connections: KafkaConnections
  readonly metadata: KafkaMetadata
  readonly clock: Clock
  readonly denials: KafkaDenials
}

const CONSUMER_COORDINATOR = 0
export const RETRY_MS = 200

/** The broker that keeps one group, found again whenever it moves. */
export class KafkaCoordinator {
  readonly #options: CoordinatorOptions
  #node: Node | undefined

  constructor(options: CoordinatorOptions) {
    this.#options = options
  }

  async connection(): Promise<Connection> {
    this.#node ??= await this.#find()
    return this.#options.connections.to(this.#node)
  }

  /** How long to wait for a prompt answer: several attempts are to fit into a session. */
  get patienceMs(): number {
    return Math.min(this.#options.sessionTimeoutMs / 3, PROMPT_ANSWER_MS)
  }

  noteSuccess(): void {
    this.#options.denials.granted('group')
  }

  /** Takes note of an error of the coordinator: after most of them another broker may be it by now. */
  noteFailure(error: BrokerError): void {
    const { code } = error
    this.#options.denials.note('group', error)
    if (isTransient(code) && code !== 'COORDINATOR_LOAD_IN_PROGRESS') this.#node = undefined
  }

  /** Repeats what fails for a while; gives up with the last failure once `giveUp` says so or the client closes. */
  async retrying<T>(
    attempt: (connection: Connection) => Promise<T>,
    giveUp: () => boolean,
  ): Promise<T> {
    const { clock, connections } = this.#options
    for (;;) {
      try {
        return await attempt(await this.connection())
      } catch (error) {
        const { code } = error as BrokerError
        this.noteFailure(error as BrokerError)
        if (!isTransient(code) || connections.closing.aborted || giveUp()) throw error
        await sleep(clock, RETRY_MS, connections.closing)
      }
    }
  }

  async #find(): Promise<Node> {
    const { groupId, metadata } = this.#options
    const { coordinators } = await call(
      await metadata.anyBroker(),
      {
        api: findCoordinatorV2.api,
        what: `find the coordinator of group ${groupId}`,
        timeoutMs: this.patienceMs,
      },
      CONSUMER_COORDINATOR,
      [groupId],
    )
    const found = coordinators[0]
    if (found === undefined) throw new BrokerError('COORDINATOR_NOT_AVAILABLE', `group ${groupId}`)
    return { host: found.host, port: found.port }
  }
}
