import { durationMs, type Topic } from '../../crds/index.ts'
import type { Verdict } from '../engine/conditions.ts'
import type { KafkaTopic, NewKafkaTopic } from '../kafka/kafka-admin.ts'
import { kafkaName, type TopicObserved } from './observe.ts'

export const TOPIC_FINALIZER = 'millrace.dev/topic'

/** What to do about one Topic. Kafka is changed only by `steps`. */
export interface TopicPlan {
  readonly steps: readonly TopicStep[]
  readonly finalizer: boolean
  readonly origin?: 'Created' | 'Adopted'
  /** Why nothing may be done: said in `Accepted`. */
  readonly objection?: Extract<Verdict, { type: 'Accepted' }>
  /** For an object that is being deleted: let it go and leave the topic behind. */
  readonly orphan?: boolean
}

export type TopicStep =
  | { readonly do: 'create'; readonly topic: NewKafkaTopic }
  | { readonly do: 'grow'; readonly name: string; readonly partitions: number }
  | {
      readonly do: 'configure'
      readonly name: string
      readonly config: Readonly<Record<string, string>>
    }
  | { readonly do: 'delete'; readonly name: string }

export function planTopic(observed: TopicObserved, now: number): TopicPlan {
  const { topic, kafka } = observed
  if (topic.metadata.deletionTimestamp !== undefined) return planDeletion(observed, now)
  const origin = topic.status?.origin
  const asItIs = {
    steps: [],
    finalizer: hasFinalizer(topic),
    ...(origin === undefined ? {} : { origin }),
  }
  if (!kafka.reachable) return asItIs
  const objection = objectionTo(observed)
  return objection === undefined ? planChanges(topic, kafka.existing) : { ...asItIs, objection }
}

function planChanges(topic: Topic, existing: KafkaTopic | undefined): TopicPlan {
  const origin = topic.status?.origin ?? (existing === undefined ? 'Created' : 'Adopted')
  return {
    steps: existing === undefined ? [creation(topic)] : changes(topic, existing),
    finalizer: topic.spec.deletionPolicy === 'Delete' && origin === 'Created',
    origin,
  }
}

/** A topic that we did not create is never deleted, whatever the policy says. */
function planDeletion({ topic, kafka }: TopicObserved, now: number): TopicPlan {
  const mayDelete = topic.spec.deletionPolicy === 'Delete' && topic.status?.origin === 'Created'
  if (!mayDelete || !hasFinalizer(topic)) return { steps: [], finalizer: false }
  if (kafka.reachable)
    return { steps: [{ do: 'delete', name: kafkaName(topic) }], finalizer: false }
  const waitedMs = now - Date.parse(topic.metadata.deletionTimestamp ?? '')
  const orphan = waitedMs > durationMs(topic.spec.deletionTimeout)
  return { steps: [], finalizer: !orphan, orphan }
}

type Objection = NonNullable<TopicPlan['objection']>
type Check = (observed: TopicObserved, existing: KafkaTopic) => Objection | undefined

const refuse = (reason: Objection['reason'], message: string): Objection => ({
  type: 'Accepted',
  status: 'False',
  reason,
  message,
})

/** What may stand against acting on a topic that exists; the first that objects is told. */
const checks: readonly Check[] = [
  ({ topic }, { partitions }) =>
    (topic.spec.partitions ?? partitions) < partitions
      ? refuse(
          'PartitionDecrease',
          `the topic has ${partitions} partitions and cannot shrink: write partitions: ${partitions} or more`,
        )
      : undefined,
  ({ topic }, { replicationFactor }) =>
    (topic.spec.replicationFactor ?? replicationFactor) === replicationFactor
      ? undefined
      : refuse(
          'ReplicationFactorChange',
          `the topic has replication factor ${replicationFactor}: write that, or leave it out and reassign the partitions in Kafka`,
        ),
  ({ topic }, existing) => {
    const differing = topic.status?.origin === undefined ? differences(topic, existing) : []
    return differing.length === 0
      ? undefined
      : refuse(
          'ExistingTopicDiffers',
          `the topic exists already, and adopting it would change ${differing.join(', ')}: write its values here, or choose another topicName`,
        )
  },
]

function objectionTo(observed: TopicObserved): Objection | undefined {
  const { rival, kafka } = observed
  if (rival !== undefined) {
    return refuse(
      'TopicNameConflict',
      `the Topic ${rival} is older and manages this topic: delete one of the two`,
    )
  }
  const existing = kafka.reachable ? kafka.existing : undefined
  if (existing === undefined) return undefined
  return checks
    .map((check) => check(observed, existing))
    .find((objection) => objection !== undefined)
}

const differences = ({ spec }: Topic, existing: KafkaTopic): string[] =>
  Object.entries(spec.config ?? {})
    .filter(([key, value]) => existing.config[key] !== value)
    .map(([key, value]) => `${key} from ${existing.config[key] ?? 'its default'} to ${value}`)

const creation = (topic: Topic): TopicStep => ({
  do: 'create',
  topic: {
    name: kafkaName(topic),
    ...(topic.spec.partitions === undefined ? {} : { partitions: topic.spec.partitions }),
    ...(topic.spec.replicationFactor === undefined
      ? {}
      : { replicationFactor: topic.spec.replicationFactor }),
    config: topic.spec.config ?? {},
  },
})

function changes(topic: Topic, existing: KafkaTopic): TopicStep[] {
  const name = kafkaName(topic)
  const partitions = topic.spec.partitions ?? existing.partitions
  const config = Object.fromEntries(
    Object.entries(topic.spec.config ?? {}).filter(
      ([key, value]) => existing.config[key] !== value,
    ),
  )
  return [
    ...(partitions > existing.partitions ? [{ do: 'grow', name, partitions } as const] : []),
    ...(Object.keys(config).length > 0 ? [{ do: 'configure', name, config } as const] : []),
  ]
}

const hasFinalizer = ({ metadata }: Topic): boolean =>
  metadata.finalizers?.includes(TOPIC_FINALIZER) === true
