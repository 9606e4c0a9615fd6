import { z } from 'zod'

/** Every condition type and reason that a user may see, with what it means. Reference docs are made from this. */
export const conditionDocs = {
  Ready: {
    meaning: 'The one to wait for: the object is as its spec of this generation says.',
    reasons: {
      Ready: 'Everything asked for is so.',
      Pending: 'Not looked at yet.',
      Suspended: 'The job is stopped because `spec.suspend` is true: the desired state is reached.',
      NotAccepted: 'See the condition `Accepted`.',
      KafkaUnreachable: 'See the condition `KafkaReachable`.',
      TopicsNotReady: 'See the condition `TopicsReady`.',
      NotAvailable: 'See the condition `Available`.',
      NotSynced: 'See the condition `Synced`.',
    },
  },
  Accepted: {
    meaning: 'The spec makes sense and may be acted on.',
    reasons: {
      Accepted: 'Nothing speaks against it.',
      InvalidJob: 'An expression or a step is wrong; the message says where.',
      ApplicationIdConflict: 'An older StreamJob on the same Kafka uses this applicationId.',
      NameTaken: 'An object that the job needs exists under its name and belongs to somebody else.',
      ConfigMapNotFound: 'The ConfigMap or key of `spec.code.configMapRef` does not exist.',
      StateLoss:
        'The job would not find state again that it has kept under an earlier spec; the message names it, and what to write to give it up.',
      TopicNameConflict: 'An older Topic object manages this Kafka topic.',
      ExistingTopicDiffers:
        'The topic exists, was not created by us, and adopting it would change it.',
      PartitionDecrease: 'Kafka cannot take partitions away from a topic.',
      ReplicationFactorChange: 'The replication factor of a topic is set when it is created.',
      RefusedByKafka: 'Kafka refuses the topic as it is written; the message is its own.',
    },
  },
  KafkaReachable: {
    meaning: 'The operator can talk to the Kafka of `spec.kafka`.',
    reasons: {
      Connected: 'It answers.',
      Unreachable: 'It does not; the message names the address and the error.',
      SecretNotFound:
        'A Secret or key that `spec.kafka` names does not exist, or the operator may not read it.',
      AuthenticationFailed:
        'Kafka refuses our login or certificate, or we its certificate; the message says which.',
      NotAuthorized: 'Kafka knows us and does not let us do this; the message is its own.',
    },
  },
  TopicsReady: {
    meaning:
      'The topics that the job reads and writes exist, and their Topic objects, if any, are ready.',
    reasons: {
      AllReady: 'They do.',
      TopicNotFound: 'A topic does not exist and no Topic object would create it.',
      TopicNotReady: 'A Topic object is not ready yet.',
    },
  },
  Available: {
    meaning: 'Pods run every task of the job, with this generation of its spec.',
    reasons: {
      AllTasksRunning: 'They do.',
      PodsNotReady: 'Pods are missing or not ready; the message says why.',
      NotAuthorized:
        'Kafka denies the pods something that they need; the message names it and the right that is lacking.',
      RollingOut: 'Pods of an earlier generation still run.',
      GroupNotStable: 'The consumer group is rebalancing.',
      Suspended: 'No pods by intent.',
    },
  },
  Synced: {
    meaning: 'The topic in Kafka is as the spec says.',
    reasons: {
      InSync: 'It is.',
      NotYet: 'Kafka has not confirmed it yet.',
    },
  },
  DataLoss: {
    meaning:
      'Present from when records of an input were removed before the job had read them until the spec changes.',
    reasons: { RecordsRemoved: 'The message names partitions and offsets.' },
  },
  Reconciling: {
    meaning: 'Present only while something is still on its way.',
    reasons: { Progressing: 'The message says what.' },
  },
  Stalled: {
    meaning: 'Present only when nothing will change unless somebody acts.',
    reasons: {
      CrashLoop: 'The pods keep dying; the message holds their last words.',
      NeedsAttention: 'The message says what to change.',
    },
  },
} as const

export type ConditionType = keyof typeof conditionDocs
export type ReasonOf<T extends ConditionType> = keyof (typeof conditionDocs)[T]['reasons']

export const conditionSchema = z
  .strictObject({
    type: z.string().max(64).describe('What this is about.'),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
    reason: z.string().max(64).describe('Why, as one word that programs may compare.'),
    message: z.string().max(1024).describe('Why, for people, and what to do.'),
    lastTransitionTime: z.string().max(64).describe('When the status last changed.'),
    observedGeneration: z
      .int()
      .optional()
      .describe('The generation of the spec that this speaks of.'),
  })
  .describe('One aspect of the state of the object.')

export type Condition = z.output<typeof conditionSchema>

export const conditionsSchema = z
  .array(conditionSchema)
  .max(16)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
  .describe('The state of the object, aspect by aspect. Wait for `Ready`.')
