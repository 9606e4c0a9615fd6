import type { Topic } from '../../crds/index.ts'
import {
  type KafkaAdminFor,
  type KafkaTopic,
  type Unreachable,
  unreachable,
} from '../kafka/kafka-admin.ts'
import { kinds } from '../kube/kinds.ts'
import type { Kube } from '../kube/kube.ts'
import { listWatched } from '../kube/list-watched.ts'
import type { Key } from '../engine/controller-spec.ts'

/** All that decisions about one Topic rest on, read once. */
export interface TopicObserved {
  readonly topic: Topic
  readonly kafka: KafkaView
  /** An older Topic object for the same Kafka topic, as namespace/name. */
  readonly rival?: string
}

export type KafkaView = { readonly reachable: true; readonly existing?: KafkaTopic } | Unreachable

export interface ObserveDeps {
  readonly kube: Kube
  readonly kafka: KafkaAdminFor
  /** Those that are watched; empty: all. */
  readonly namespaces: readonly string[]
}

export const kafkaName = ({ spec, metadata }: Topic): string => spec.topicName ?? metadata.name

export async function observeTopic(
  key: Key,
  deps: ObserveDeps,
): Promise<TopicObserved | undefined> {
  const topic = await deps.kube.get<Topic>({ ...kinds.topic, ...key })
  if (topic === undefined) return undefined
  // Who has settled on a topic keeps it; only who has not looks around, which keeps this cheap at rest.
  const rival = topic.status?.origin === undefined ? await findRival(topic, deps) : undefined
  return { topic, kafka: await look(topic, deps.kafka), ...(rival === undefined ? {} : { rival }) }
}

async function look(topic: Topic, kafka: KafkaAdminFor): Promise<KafkaView> {
  const name = kafkaName(topic)
  try {
    const admin = await kafka(topic)
    const existing = (await admin.describeTopics([name])).get(name)
    return { reachable: true, ...(existing === undefined ? {} : { existing }) }
  } catch (error) {
    return unreachable(error)
  }
}

async function findRival(
  topic: Topic,
  { kube, namespaces }: ObserveDeps,
): Promise<string | undefined> {
  const topics = await listWatched<Topic>(kube, kinds.topic, namespaces)
  const rival = topics.find((other) => isOlder(other, topic) && sameTopic(other, topic))
  return rival === undefined ? undefined : `${rival.metadata.namespace}/${rival.metadata.name}`
}

const sameTopic = (a: Topic, b: Topic): boolean =>
  kafkaName(a) === kafkaName(b) &&
  a.spec.kafka.bootstrapServers.some((server) => b.spec.kafka.bootstrapServers.includes(server))

/** By creation, ties by uid; an object that has settled counts as older than one that has not. */
function isOlder(other: Topic, topic: Topic): boolean {
  if (other.metadata.uid === topic.metadata.uid) return false
  if (other.status?.origin !== undefined) return true
  const [a, b] = [other, topic].map(
    ({ metadata }) => `${metadata.creationTimestamp} ${metadata.uid}`,
  )
  return (a ?? '') < (b ?? '')
}
