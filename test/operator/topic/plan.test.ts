import { expect } from 'chai'
import { type Topic, topicSchema } from '../../../crds/index.ts'
import type { KafkaTopic } from '../../../operator/kafka/kafka-admin.ts'
import type { TopicObserved } from '../../../operator/topic/observe.ts'
import { planTopic, TOPIC_FINALIZER } from '../../../operator/topic/plan.ts'
import { topicStatus } from '../../../operator/topic/status.ts'

const NOW = Date.UTC(2026, 0, 1, 12)

interface Given {
  readonly spec?: Partial<Topic['spec']>
  readonly origin?: 'Created' | 'Adopted'
  readonly existing?: Partial<KafkaTopic>
  readonly unreachable?: boolean
  readonly rival?: string
  /** Deleted so many seconds ago, with our finalizer on it. */
  readonly deletedSecondsAgo?: number
}

function observed(given: Given): TopicObserved {
  const topic = topicSchema.parse({
    apiVersion: 'millrace.dev/v1alpha1',
    kind: 'Topic',
    metadata: { name: 'payments', namespace: 'n' },
    spec: { kafka: { bootstrapServers: ['kafka:9092'] }, ...given.spec },
  }) as Topic
  if (given.origin !== undefined) topic.status = { origin: given.origin }
  if (given.deletedSecondsAgo !== undefined) {
    topic.metadata.deletionTimestamp = new Date(NOW - given.deletedSecondsAgo * 1000).toISOString()
    topic.metadata.finalizers = [TOPIC_FINALIZER]
  }
  const existing = given.existing && {
    name: 'payments',
    partitions: 3,
    replicationFactor: 1,
    config: {},
    ...given.existing,
  }
  return {
    topic,
    kafka: given.unreachable
      ? { reachable: false, reason: 'Unreachable', message: 'kafka:9092 does not answer' }
      : { reachable: true, ...(existing === undefined ? {} : { existing }) },
    ...(given.rival === undefined ? {} : { rival: given.rival }),
  }
}

interface Row {
  readonly title: string
  readonly given: Given
  readonly steps?: readonly object[]
  readonly origin?: string
  readonly finalizer?: boolean
  readonly refused?: string
  readonly orphan?: boolean
}

const retention = (value: string) => ({ 'retention.ms': value })

const rows: readonly Row[] = [
  {
    title: 'creates a topic that does not exist',
    given: { spec: { partitions: 6, replicationFactor: 3, config: retention('1') } },
    steps: [
      {
        do: 'create',
        topic: { name: 'payments', partitions: 6, replicationFactor: 3, config: retention('1') },
      },
    ],
    origin: 'Created',
  },
  {
    title: "leaves numbers that the spec leaves out to the broker's defaults",
    given: {},
    steps: [{ do: 'create', topic: { name: 'payments', config: {} } }],
    origin: 'Created',
  },
  {
    title: 'creates by spec.topicName',
    given: { spec: { topicName: 'Payments.v2' } },
    steps: [{ do: 'create', topic: { name: 'Payments.v2', config: {} } }],
    origin: 'Created',
  },
  {
    title: 'holds on to an object whose topic it will delete',
    given: { spec: { deletionPolicy: 'Delete' } },
    steps: [{ do: 'create', topic: { name: 'payments', config: {} } }],
    origin: 'Created',
    finalizer: true,
  },
  {
    title: 'adopts a topic that is as the spec says',
    given: {
      spec: { partitions: 3, config: retention('5') },
      existing: { config: retention('5') },
    },
    origin: 'Adopted',
  },
  {
    title: 'grows while it adopts: that harms nobody',
    given: { spec: { partitions: 5 }, existing: {} },
    steps: [{ do: 'grow', name: 'payments', partitions: 5 }],
    origin: 'Adopted',
  },
  {
    title: 'refuses to change the config of a topic that was not its own',
    given: { spec: { config: retention('1') }, existing: { config: retention('9') } },
    refused: 'ExistingTopicDiffers',
  },
  {
    title: 'sets only what differs',
    given: {
      origin: 'Created',
      spec: { config: { ...retention('1'), 'cleanup.policy': 'compact' } },
      existing: { config: { ...retention('2'), 'cleanup.policy': 'compact', other: 'x' } },
    },
    steps: [{ do: 'configure', name: 'payments', config: retention('1') }],
    origin: 'Created',
  },
  {
    title: 'grows and configures in one go',
    given: { origin: 'Created', spec: { partitions: 4, config: retention('1') }, existing: {} },
    steps: [
      { do: 'grow', name: 'payments', partitions: 4 },
      { do: 'configure', name: 'payments', config: retention('1') },
    ],
    origin: 'Created',
  },
  {
    title: 'creates its topic anew when somebody has deleted it',
    given: { origin: 'Created' },
    steps: [{ do: 'create', topic: { name: 'payments', config: {} } }],
    origin: 'Created',
  },
  {
    title: 'refuses to shrink',
    given: { origin: 'Created', spec: { partitions: 2 }, existing: {} },
    origin: 'Created',
    refused: 'PartitionDecrease',
  },
  {
    title: 'refuses another replication factor',
    given: { origin: 'Created', spec: { replicationFactor: 3 }, existing: {} },
    origin: 'Created',
    refused: 'ReplicationFactorChange',
  },
  {
    title: 'refuses the younger of two objects for one topic',
    given: { rival: 'n/older' },
    refused: 'TopicNameConflict',
  },
  {
    title: 'does nothing while Kafka does not answer',
    given: { origin: 'Created', spec: { partitions: 9 }, unreachable: true },
    origin: 'Created',
  },
  {
    title: 'deletes the topic of an object that is deleted, by its policy',
    given: {
      origin: 'Created',
      spec: { deletionPolicy: 'Delete' },
      existing: {},
      deletedSecondsAgo: 1,
    },
    steps: [{ do: 'delete', name: 'payments' }],
  },
  {
    title: 'keeps the topic when the policy says so',
    given: { origin: 'Created', existing: {}, deletedSecondsAgo: 1 },
  },
  {
    title: 'never deletes what it adopted',
    given: {
      origin: 'Adopted',
      spec: { deletionPolicy: 'Delete' },
      existing: {},
      deletedSecondsAgo: 1,
    },
  },
  {
    title: 'waits with a deletion for Kafka',
    given: {
      origin: 'Created',
      spec: { deletionPolicy: 'Delete' },
      unreachable: true,
      deletedSecondsAgo: 1,
    },
    finalizer: true,
    orphan: false,
  },
  {
    title: 'lets the object go when Kafka has not answered for too long',
    given: {
      origin: 'Created',
      spec: { deletionPolicy: 'Delete' },
      unreachable: true,
      deletedSecondsAgo: 3600,
    },
    orphan: true,
  },
]

describe('operator/topic/plan.ts', () => {
  for (const { title, given, steps = [], origin, finalizer = false, refused, orphan } of rows) {
    it(title, () => {
      const plan = planTopic(observed(given), NOW)
      expect(plan.steps).to.deep.equal(steps)
      expect(plan.finalizer).to.equal(finalizer)
      expect(plan.origin).to.equal(origin)
      expect(plan.objection?.reason).to.equal(refused)
      expect(plan.orphan).to.equal(orphan)
    })
  }
})

describe('operator/topic/status.ts', () => {
  const statusOf = (given: Given, outcome: Parameters<typeof topicStatus>[2] = { done: true }) => {
    const seen = observed(given)
    return topicStatus(seen, planTopic(seen, NOW), outcome, NOW)
  }
  const ready = (status: ReturnType<typeof statusOf>) =>
    status.conditions?.find(({ type }) => type === 'Ready')

  it('is ready once Kafka itself shows the topic as it should be', () => {
    expect(ready(statusOf({ existing: {}, origin: 'Created' }))).to.include({ status: 'True' })
  })

  it('is not ready by a step that was only just taken', () => {
    expect(ready(statusOf({}))).to.include({ status: 'False', reason: 'NotSynced' })
  })

  it('says what Kafka refused, and that a person is needed', () => {
    const outcome = { done: false, because: 'refused', message: 'no such config "x"' } as const
    const status = statusOf({}, outcome)
    expect(ready(status)).to.include({ reason: 'NotAccepted', message: 'no such config "x"' })
    expect(status.conditions?.map(({ type }) => type)).to.include('Stalled')
  })

  it('says that Kafka lets us in no longer, when a step meets it', () => {
    const trouble = { reachable: false, reason: 'AuthenticationFailed', message: 'no' } as const
    const status = statusOf({}, { done: false, because: 'unreachable', trouble })
    expect(ready(status)).to.include({ reason: 'KafkaUnreachable', message: 'no' })
    const reachable = status.conditions?.find(({ type }) => type === 'KafkaReachable')
    expect(reachable).to.include({ status: 'False', reason: 'AuthenticationFailed' })
  })

  it('claims no origin when somebody else created the topic first', () => {
    const outcome = { done: false, because: 'exists', message: 'exists' } as const
    expect(statusOf({}, outcome)).not.to.have.property('origin')
  })

  it('keeps its word about the origin while Kafka is away', () => {
    const status = statusOf({ origin: 'Adopted', unreachable: true })
    expect(status.origin).to.equal('Adopted')
    expect(ready(status)).to.include({ reason: 'KafkaUnreachable' })
  })
})
