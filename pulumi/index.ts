import { join } from 'node:path'
import * as pulumi from '@pulumi/pulumi'
import { readConfig } from './config.ts'
import { Example } from './example.ts'
import { Kafka } from './kafka.ts'
import { readManifests } from './manifests.ts'
import { restrictedNamespace } from './namespace.ts'
import { Operator } from './operator.ts'
import { ZooKeeper } from './zookeeper.ts'

const config = readConfig(new pulumi.Config('millrace'))
const { imageRegistry, persistence } = config

const namespace = restrictedNamespace(config.namespace).metadata.name
const operatorNamespace = restrictedNamespace(config.operatorNamespace).metadata.name

const zookeeper = new ZooKeeper('zookeeper', {
  namespace,
  servers: config.zookeeperServers,
  persistence,
  imageRegistry,
  ...(config.kafkaImage && { image: config.kafkaImage }),
})

const kafka = new Kafka(
  'kafka',
  {
    namespace,
    brokers: config.brokers,
    zookeeperConnect: zookeeper.connect,
    persistence,
    imageRegistry,
    ...(config.kafkaImage && { image: config.kafkaImage }),
  },
  { dependsOn: zookeeper },
)

const operator = new Operator('millrace', {
  namespace: operatorNamespace,
  watchNamespaces: [namespace],
  imageRegistry,
  ...(config.millraceImage && { image: config.millraceImage }),
})

const example = config.example
  ? new Example(
      'fraud-detection',
      {
        namespace,
        bootstrapServers: kafka.bootstrapServers,
        manifests: readManifests(join(import.meta.dirname, '../examples/fraud-detection')),
      },
      // The operator cleans up after a job: it must be the last to go.
      { dependsOn: [kafka, operator] },
    )
  : undefined

export const bootstrapServers = kafka.bootstrapServers
export const jobs = example?.jobs ?? []
