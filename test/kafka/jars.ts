import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, withLock } from '../support/cache.ts'
import { command, hasCommand } from '../support/command.ts'

export const KAFKA_VERSION = '3.9.1'

/** Why there can be no Kafka here; undefined when there can. */
export async function missingForKafka(): Promise<string | undefined> {
  if (!(await hasCommand('java'))) return 'a real Kafka needs java (17 or later)'
  if (existsSync(libsDir) || (await hasCommand('mvn'))) return undefined
  return 'fetching Kafka needs Maven (mvn)'
}

const libsDir = join(cacheDir, 'kafka', KAFKA_VERSION, 'libs')

/** The folder with the jars of Kafka, ZooKeeper and Kafka's command-line tools, fetched by Maven the first time. */
export async function kafkaJars(log: (line: string) => void): Promise<string> {
  if (existsSync(libsDir)) return libsDir
  return withLock('kafka-jars', async () => {
    if (existsSync(libsDir)) return libsDir
    log(`fetching Kafka ${KAFKA_VERSION} and ZooKeeper from Maven (about 20 s)`)
    const work = join(cacheDir, 'kafka', `${KAFKA_VERSION}.partial`)
    rmSync(work, { recursive: true, force: true })
    mkdirSync(work, { recursive: true })
    writeFileSync(join(work, 'pom.xml'), pom())
    await command(['mvn', '-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=libs'], {
      cwd: work,
    })
    mkdirSync(join(cacheDir, 'kafka', KAFKA_VERSION), { recursive: true })
    renameSync(join(work, 'libs'), libsDir)
    rmSync(work, { recursive: true, force: true })
    return libsDir
  })
}

/** What every Java process of ours needs: where the classes are, and a log of what goes wrong on stderr. */
export const javaOptions = (
  libsDir: string,
  { level = 'WARN', classes = '' }: { level?: 'WARN' | 'ERROR'; classes?: string } = {},
): string[] => [
  `-Dlog4j.configuration=file:${join(import.meta.dirname, 'log4j.properties')}`,
  `-Dmillrace.log.level=${level}`,
  '-cp',
  `${classes}:${libsDir}/*`,
]

const dependency = (groupId: string, artifactId: string, version: string) =>
  `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>`

const pom = () => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dev.millrace</groupId><artifactId>kafka-libs</artifactId><version>1</version>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION)}
    ${dependency('org.apache.kafka', 'kafka-tools', KAFKA_VERSION)}
    ${dependency('org.slf4j', 'slf4j-reload4j', '1.7.36')}
  </dependencies>
</project>
`
