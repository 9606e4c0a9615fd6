import { z } from 'zod'
import { conditionsSchema } from './conditions.ts'
import { duration, topicName } from './fields.ts'
import { kafka } from './kafka.ts'
import { withRules } from './rule.ts'

const spec = withRules(
  z.strictObject({
    kafka: kafka(),
    topicName: topicName()
      .optional()
      .describe('Name of the topic in Kafka. Default: the name of this object. Cannot change.'),
    partitions: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe(
        'Number of partitions. May grow, never shrink. Unset: the broker decides, and we leave it alone.',
      ),
    replicationFactor: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe(
        'Copies of each partition. Set when the topic is created. Unset: the broker decides.',
      ),
    config: z
      .record(z.string(), z.string().max(1024))
      .meta({ maxProperties: 64 })
      .optional()
      .describe(
        'Topic configs to enforce, all as text. Keys not listed are left alone. Example: `retention.ms: "3600000"`.',
      ),
    deletionPolicy: z
      .enum(['Retain', 'Delete'])
      .default('Retain')
      .describe(
        'What becomes of the topic in Kafka when this object is deleted. `Delete` applies only to a topic that we created.',
      ),
    deletionTimeout: duration()
      .default('2m')
      .describe(
        'How long deletion waits for a Kafka that does not answer, before it leaves the topic behind with an Event.',
      ),
  }),
  [
    {
      cel: "!has(self.topicName) || !(self.topicName in ['.', '..'])",
      message: 'topicName cannot be "." or "..": write a name of letters, digits, ".", "_" and "-"',
      holds: ({ topicName: name }) => name !== '.' && name !== '..',
      fieldPath: '.topicName',
    },
    {
      cel: "!has(self.topicName) || !self.topicName.startsWith('__')",
      message: 'topicName cannot begin with "__": those topics are Kafka\'s own',
      holds: ({ topicName: name }) => name?.startsWith('__') !== true,
      fieldPath: '.topicName',
    },
    {
      cel: 'has(self.topicName) == has(oldSelf.topicName) && (!has(self.topicName) || self.topicName == oldSelf.topicName)',
      message: 'topicName cannot change: create another Topic',
      holds: (self, old) => old === undefined || self.topicName === old.topicName,
      fieldPath: '.topicName',
    },
    {
      cel: 'self.kafka.bootstrapServers == oldSelf.kafka.bootstrapServers',
      message: 'kafka.bootstrapServers cannot change: create another Topic',
      holds: (self, old) =>
        old === undefined ||
        self.kafka.bootstrapServers.join() === old.kafka.bootstrapServers.join(),
      fieldPath: '.kafka',
    },
    {
      cel: '!has(self.partitions) || !has(oldSelf.partitions) || self.partitions >= oldSelf.partitions',
      message: 'partitions cannot decrease: Kafka would have to drop records',
      holds: (self, old) => (self.partitions ?? Infinity) >= (old?.partitions ?? 0),
      fieldPath: '.partitions',
    },
    {
      cel: '!has(self.replicationFactor) || !has(oldSelf.replicationFactor) || self.replicationFactor == oldSelf.replicationFactor',
      message: 'replicationFactor cannot change: reassign the partitions in Kafka',
      holds: (self, old) =>
        self.replicationFactor === undefined ||
        old?.replicationFactor === undefined ||
        self.replicationFactor === old.replicationFactor,
      fieldPath: '.replicationFactor',
    },
  ],
).describe('The topic as it should be.')

const status = z
  .strictObject({
    observedGeneration: z
      .int()
      .optional()
      .describe('The generation of the spec that was last acted on.'),
    topicName: z.string().max(249).optional().describe('Name of the topic in Kafka.'),
    partitions: z.int().optional().describe('Partitions that the topic has.'),
    replicationFactor: z.int().optional().describe('Copies that each partition has.'),
    origin: z
      .enum(['Created', 'Adopted'])
      .optional()
      .describe('Whether we created the topic or found it. Decides whether we may delete it.'),
    conditions: conditionsSchema.optional(),
  })
  .describe('The topic as it is.')

export const topicSchema = z.strictObject({
  apiVersion: z.literal('millrace.dev/v1alpha1'),
  kind: z.literal('Topic'),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  spec,
  status: status.optional(),
})

export const topicParts = { spec, status }
export type TopicSpec = z.output<typeof spec>
export type TopicStatus = z.output<typeof status>
