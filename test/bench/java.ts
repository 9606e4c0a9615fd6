import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtJars, type JavaProject } from '../kafka/built-jars.ts'
import type { Contender, Guarantee, RunSpec, Store } from './contender.ts'
import { Worker } from './worker.ts'

const PROJECT: JavaProject = {
  name: 'kafka-streams-bench',
  dir: join(import.meta.dirname, 'java'),
  jar: 'bench',
}

export const KAFKA_STREAMS_VERSION = '3.9.1'
export const JVM_FLAGS = ['-Xmx1g'] as const
/** With state on the heap: what Node allows itself on a machine of this size. */
export const MEMORY_STORE_JVM_FLAGS = ['-Xmx4g'] as const
/** As large as Millrace's own. */
export const PRODUCER_BATCH_BYTES = 256 * 1024

/** The Kafka Streams side, built by Maven the first time and whenever its sources change. */
export async function kafkaStreams(log: (line: string) => void): Promise<Contender> {
  const libs = await builtJars(PROJECT, log)
  return {
    side: 'kafkaStreams',
    title: 'Kafka Streams',
    start(spec) {
      const settings = join(spec.dir, 'kafka-streams.properties')
      writeFileSync(settings, propertiesOf(spec))
      const log4j = join(spec.dir, 'log4j.properties')
      writeFileSync(log4j, LOG4J)
      const classpath = ['-cp', `${libs}/*`]
      return new Worker({
        argv: [
          'java',
          ...(spec.store === 'memory' ? MEMORY_STORE_JVM_FLAGS : JVM_FLAGS),
          `-Dlog4j.configuration=file:${log4j}`,
          ...classpath,
          'dev.millrace.bench.Main',
          settings,
        ],
        logFile: join(spec.dir, 'kafka-streams.log'),
      })
    },
    throughTopic: ({ applicationId }) => `${applicationId}-by-card-repartition`,
  }
}

const GUARANTEES: Readonly<Record<Guarantee, string>> = {
  AtLeastOnce: 'at_least_once',
  ExactlyOnce: 'exactly_once_v2',
}

const SUPPLIERS = 'org.apache.kafka.streams.state.BuiltInDslStoreSuppliers'

const storeSettings = (store: Store): Readonly<Record<string, string>> =>
  store === 'memory'
    ? { 'dsl.store.suppliers.class': `${SUPPLIERS}$InMemoryDslStoreSuppliers` }
    : {}

/** What Kafka Streams is set to, beyond its defaults. */
const streamsSettings = (spec: RunSpec): Readonly<Record<string, string | number>> => ({
  'processing.guarantee': GUARANTEES[spec.guarantee],
  'num.stream.threads': spec.threads,
  'commit.interval.ms': spec.commitIntervalMs,
  ...storeSettings(spec.store),
  'auto.offset.reset': 'earliest',
  'producer.linger.ms': spec.lingerMs,
  'producer.batch.size': PRODUCER_BATCH_BYTES,
  'producer.compression.type': spec.codec,
})

function propertiesOf(spec: RunSpec): string {
  const { topology, topics, applicationId, bootstrapServers, dir, pod } = spec
  const all = {
    'bench.topology': topology.name,
    'bench.input': topics.input,
    'bench.beside': topics.beside,
    'bench.outputs': topics.outputs.join(','),
    'bench.store': spec.store,
    'application.id': applicationId,
    'bootstrap.servers': bootstrapServers.join(','),
    'state.dir': pod?.stateDir ?? join(dir, 'state'),
    // As Millrace's pods are: one that is killed may come back at once.
    'group.instance.id': 'bench-0',
    ...streamsSettings(spec),
  }
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

const LOG4J = `log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.target=System.err
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %c: %m%n
`
