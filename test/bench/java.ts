import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { cacheDir, withLock } from '../support/cache.ts'
import { command, hasCommand } from '../support/command.ts'
import { COMMIT_INTERVAL_MS, type Contender, type RunSpec } from './contender.ts'
import { Worker } from './worker.ts'

const PROJECT = join(import.meta.dirname, 'java')

export const KAFKA_STREAMS_VERSION = '3.9.1'
export const JVM_FLAGS = ['-Xmx1g'] as const
/** As large as Millrace's own. */
export const PRODUCER_BATCH_BYTES = 256 * 1024

/** The Kafka Streams side, built by Maven the first time and whenever its sources change. */
export async function kafkaStreams(log: (line: string) => void): Promise<Contender> {
  const libs = await builtJars(log)
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
          ...JVM_FLAGS,
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

/** What Kafka Streams is set to, beyond its defaults. */
export const streamsSettings = (
  spec: Pick<RunSpec, 'guarantee' | 'threads' | 'lingerMs' | 'codec'>,
): Readonly<Record<string, string | number>> => ({
  'processing.guarantee': spec.guarantee,
  'num.stream.threads': spec.threads,
  'commit.interval.ms': COMMIT_INTERVAL_MS,
  'auto.offset.reset': 'earliest',
  'producer.linger.ms': spec.lingerMs,
  'producer.batch.size': PRODUCER_BATCH_BYTES,
  'producer.compression.type': spec.codec,
})

function propertiesOf(spec: RunSpec): string {
  const { topology, topics, applicationId, bootstrapServers, dir } = spec
  const all = {
    'bench.topology': topology.name,
    'bench.input': topics.input,
    'bench.outputs': topics.outputs.join(','),
    'application.id': applicationId,
    'bootstrap.servers': bootstrapServers.join(','),
    'state.dir': join(dir, 'state'),
    ...streamsSettings(spec),
  }
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

async function builtJars(log: (line: string) => void): Promise<string> {
  const libs = join(cacheDir, 'kafka-streams-bench', sourcesHash())
  if (existsSync(libs)) return libs
  if (!(await hasCommand('mvn')))
    throw new Error('building the Kafka Streams side needs Maven (mvn)')
  return withLock('kafka-streams-bench', async () => {
    if (existsSync(libs)) return libs
    log('building the Kafka Streams side with Maven (about 20 s, once)')
    const work = `${libs}.partial`
    rmSync(work, { recursive: true, force: true })
    mkdirSync(work, { recursive: true })
    cpSync(PROJECT, work, { recursive: true })
    const copyLibs = [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      '-DoutputDirectory=libs',
    ]
    await command(['mvn', '-q', '-B', 'package', ...copyLibs], { cwd: work })
    renameSync(join(work, 'target', 'bench.jar'), join(work, 'libs', 'bench.jar'))
    renameSync(join(work, 'libs'), libs)
    rmSync(work, { recursive: true, force: true })
    return libs
  })
}

function sourcesHash(): string {
  const hash = createHash('sha256')
  for (const file of globSync('{pom.xml,src/**/*.java}', { cwd: PROJECT }).sort()) {
    hash.update(file).update(readFileSync(join(PROJECT, file)))
  }
  return hash.digest('hex').slice(0, 12)
}

const LOG4J = `log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.target=System.err
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %c: %m%n
`
