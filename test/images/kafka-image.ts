import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kafkaJars, KAFKA_VERSION } from '../kafka/jars.ts'
import { bootstrap } from './debian.ts'
import type { ImageRecipe } from './recipe.ts'

const PUBLISHED = `apache/kafka:${KAFKA_VERSION}`

const startScript = (main: string) => `#!/bin/bash
exec java \${KAFKA_HEAP_OPTS:--Xmx512m} \${KAFKA_LOG4J_OPTS:-} -XX:+ExitOnOutOfMemoryError -cp '/opt/kafka/libs/*' ${main} "$@"
`

const scripts = {
  'kafka-server-start.sh': 'kafka.Kafka',
  'zookeeper-server-start.sh': 'org.apache.zookeeper.server.quorum.QuorumPeerMain',
  'kafka-topics.sh': 'org.apache.kafka.tools.TopicCommand',
  'kafka-console-consumer.sh': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups.sh': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
} as const

const dockerfile = `FROM scratch
COPY . /
ENV PATH=/opt/kafka/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER 1000:1000
ENTRYPOINT ["/opt/kafka/bin/kafka-server-start.sh"]
`

/** Kafka and ZooKeeper where the published image can be had; else the same layout, on Debian's Java. */
export const kafkaImage: ImageRecipe = {
  image: `localhost/kafka:${KAFKA_VERSION}`,
  published: PUBLISHED,
  programs: ['debootstrap'],
  inputs: () => [dockerfile, JSON.stringify(scripts), startScript('')],
  dockerfile: () => dockerfile,
  async layOut(context, log) {
    const libs = await kafkaJars(log)
    log('installing Debian with Java into a folder, about a minute')
    await bootstrap(['openjdk-17-jre-headless'], context)
    mkdirSync(join(context, 'opt', 'kafka', 'bin'), { recursive: true })
    cpSync(libs, join(context, 'opt', 'kafka', 'libs'), { recursive: true })
    for (const [name, main] of Object.entries(scripts)) {
      const path = join(context, 'opt', 'kafka', 'bin', name)
      writeFileSync(path, startScript(main), { mode: 0o755 })
    }
  },
}
