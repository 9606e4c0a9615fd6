import { join } from 'node:path'

export const LOOPBACK = '127.0.0.1'
/** Short, so that a killed broker is replaced as leader within seconds. */
export const ZOOKEEPER_TICK_MS = 1000

/** What a test may choose of every broker. */
export interface BrokerOptions {
  /** The name by which brokers tell clients to reach them, by default 127.0.0.1, which they listen at in any case. */
  readonly advertisedHost?: string
  /** Settings for all brokers, added to ours. */
  readonly properties?: readonly string[]
  /** Listeners beside the plain one. */
  readonly listeners?: readonly ExtraListener[]
}

export interface ExtraListener {
  /** Such as `SASL_SSL`: the name of a security protocol is also the listener's. */
  readonly protocol: string
  readonly port: number
}

export const dataDir = (dir: string, id: number) => join(dir, `broker-${id}-data`)

interface BrokerSettings {
  readonly dir: string
  readonly id: number
  readonly port: number
  readonly internalPort: number
  readonly advertised: number
  readonly count: number
  readonly zookeeperPort: number
  readonly options: BrokerOptions
}

export function brokerProperties(settings: BrokerSettings): string[] {
  const { dir, id, port, internalPort, advertised, count, zookeeperPort, options } = settings
  const { listeners = [], properties = [], advertisedHost = LOOPBACK } = options
  const extra = listeners.map((one) => `,${one.protocol}://127.0.0.1:${one.port}`).join('')
  const protocols = listeners.map(({ protocol }) => `,${protocol}:${protocol}`).join('')
  return [
    `broker.id=${id}`,
    `listeners=INTERNAL://127.0.0.1:${internalPort},PLAINTEXT://127.0.0.1:${port}${extra}`,
    `advertised.listeners=INTERNAL://127.0.0.1:${internalPort},PLAINTEXT://${advertisedHost}:${advertised}${extra}`,
    `listener.security.protocol.map=INTERNAL:PLAINTEXT,PLAINTEXT:PLAINTEXT${protocols}`,
    'inter.broker.listener.name=INTERNAL',
    `log.dirs=${dataDir(dir, id)}`,
    `zookeeper.session.timeout.ms=${ZOOKEEPER_TICK_MS * 4}`,
    `zookeeper.connect=127.0.0.1:${zookeeperPort}`,
    `offsets.topic.replication.factor=${Math.min(count, 3)}`,
    `transaction.state.log.replication.factor=${Math.min(count, 3)}`,
    'transaction.state.log.min.isr=1',
    'offsets.topic.num.partitions=8',
    'auto.create.topics.enable=false',
    'group.initial.rebalance.delay.ms=0',
    'log.cleaner.dedupe.buffer.size=4194304',
    'log.cleaner.backoff.ms=500',
    // Tests write records of any time; retention goes by that and would remove them half a minute after the start.
    'log.retention.ms=-1',
    ...properties,
  ]
}
