import { type Clock, systemClock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import { silentLogger } from '../platform/silent-logger.ts'
import { AnswerPool } from './answer-pool.ts'
import type { Broker, BrokerAdmin, Denial } from './broker.ts'
import { KafkaAdmin } from './kafka-admin.ts'
import { type ConnectionsOptions, KafkaConnections } from './kafka-connections.ts'
import { KafkaDenials } from './kafka-denials.ts'
import { KafkaFetcher } from './kafka-fetcher.ts'
import { KafkaGroupMember } from './kafka-group-member.ts'
import { KafkaMetadata } from './kafka-metadata.ts'
import { KafkaProducer } from './kafka-producer.ts'
import { IdempotentSession } from './kafka-producer-session.ts'
import type { KafkaSecurity } from './kafka-security.ts'
import { KafkaTransactionalProducer } from './kafka-transactional-producer.ts'

export interface KafkaBrokerOptions {
  readonly bootstrapServers: readonly string[]
  readonly clientId: string
  /** Unset: plaintext, nobody logs in. */
  readonly security?: KafkaSecurity
  /** Hears when a broker is lost and when it is back, a line each. */
  readonly log?: Logger
  readonly clock?: Clock
  /** How old the view of topics may be while nothing fails, as Java's metadata.max.age.ms. */
  readonly metadataMaxAgeMs?: number
  /** Spreads reconnects, so that many clients do not return in the same moment. */
  readonly random?: () => number
}

const METADATA_MAX_AGE_MS = 300_000

/** A real Kafka (2.8 or later), spoken to on the wire. */
export class KafkaBroker implements Broker {
  readonly admin: BrokerAdmin
  readonly #options: Required<KafkaBrokerOptions>
  readonly #denials: KafkaDenials
  readonly #adminConnections: KafkaConnections

  constructor(options: KafkaBrokerOptions) {
    this.#options = {
      security: {},
      log: silentLogger,
      clock: systemClock,
      random: Math.random,
      metadataMaxAgeMs: METADATA_MAX_AGE_MS,
      ...options,
    }
    this.#denials = new KafkaDenials(this.#options.clock)
    const cluster = this.#connect()
    this.#adminConnections = cluster.connections
    this.admin = new KafkaAdmin(cluster)
  }

  get denial(): Denial | undefined {
    return this.#denials.current
  }

  producer(): KafkaProducer {
    const cluster = this.#connect()
    return new KafkaProducer({ ...cluster, session: new IdempotentSession(cluster) })
  }

  transactionalProducer(
    options: Parameters<Broker['transactionalProducer']>[0],
  ): KafkaTransactionalProducer {
    return new KafkaTransactionalProducer({ ...options, ...this.#connect() })
  }

  fetcher(options: Parameters<Broker['fetcher']>[0]): KafkaFetcher {
    const { metadataMaxAgeMs } = this.#options
    const answers = new AnswerPool()
    const cluster = this.#connect((bytes) => answers.take(bytes))
    return new KafkaFetcher({ ...options, ...cluster, answers, metadataMaxAgeMs })
  }

  groupMember(options: Parameters<Broker['groupMember']>[0]): KafkaGroupMember {
    return new KafkaGroupMember({ ...options, ...this.#connect() })
  }

  close(): Promise<void> {
    return this.#adminConnections.close()
  }

  #connect(allocate?: ConnectionsOptions['allocate']) {
    const connections = new KafkaConnections({ ...this.#options, allocate })
    const { clock, random } = this.#options
    const metadata = new KafkaMetadata(connections)
    return { connections, metadata, clock, random, denials: this.#denials }
  }
}
