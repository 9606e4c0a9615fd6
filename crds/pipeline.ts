import { z } from 'zod'
import { expression, fieldsOf, name, origin, topicName } from './fields.ts'
import { withRules } from './rule.ts'

/** What a job is made of, beside its steps: inputs, code, outputs. */

const formats = z.enum(['Json', 'String', 'Bytes', 'Int', 'Long', 'Double', 'UUID'])

const format = formats
  .default('Json')
  .describe(
    'How values are written: `Json`, or as one of the serdes of Kafka: `String` (UTF-8), `Bytes`, `Int` (32 bits), `Long` (64 bits), `Double`, `UUID` (36 characters). Expressions see Int, Long and Double as numbers, UUID as a string. A Long beyond 2^53 cannot be read, but passes through unread.',
  )

const keyFormat = formats
  .default('String')
  .describe(
    'How keys are written, as in `format`. Partitions go by the written bytes: a key that Java wrote as a Long is found only as a Long.',
  )

const generator = z
  .strictObject({
    recordsPerSecond: z
      .int()
      .min(1)
      .max(10_000)
      .describe('How many records a second, over all pods. Example: `20`.'),
    key: expression(
      'The key. Over `n` (0, 1, 2, …), `now` (ms), `random(a, b)` and `oneOf([…])`.',
    ).optional(),
    value: fieldsOf(
      'Fields of the value, each an expression as in `key`. Example: `amount: random(1, 900)`.',
    ),
  })
  .describe('Writes made-up records to the topic, for demos: one pod of the job does.')

export const input = withRules(
  z.strictObject({
    name: name().describe('Name by which steps refer to it.'),
    topic: topicName().describe('Topic to read. It must exist, or a Topic object must create it.'),
    format,
    keyFormat,
    startFrom: z
      .enum(['Earliest', 'Latest'])
      .default('Earliest')
      .describe('Where to start when the job has no committed offset.'),
    as: z
      .enum(['Stream', 'Table', 'GlobalTable'])
      .default('Stream')
      .describe(
        '`Table`: the latest value of each key is a row, a tombstone removes it. `GlobalTable`: so is it, and every thread has all of it, so that streams can join it by any key. Not in a TypeScript job, where `table(input)` and `globalTable(input)` say so.',
      ),
    generator: generator.optional(),
  }),
  [
    {
      cel: "self.as == 'Stream' || self.startFrom == 'Earliest'",
      message: 'a table is read from its start: leave startFrom out',
      holds: (self) => self.as === 'Stream' || self.startFrom === 'Earliest',
      fieldPath: '.startFrom',
    },
    {
      cel: "self.as != 'GlobalTable' || !has(self.generator)",
      message: 'no pod of its own reads a global table: leave generator out',
      holds: (self) => self.as !== 'GlobalTable' || self.generator === undefined,
      fieldPath: '.generator',
    },
    {
      cel: "!has(self.generator) || self.format in ['Json', 'String']",
      message: 'a generator writes objects with fields: its input has format Json or String',
      holds: (self) => self.generator === undefined || ['Json', 'String'].includes(self.format),
      fieldPath: '.format',
    },
  ],
).describe('A topic that the job reads.')

export const code = withRules(
  z.strictObject({
    inline: z.string().min(1).max(262_144).optional().describe('The TypeScript file itself.'),
    configMapRef: z
      .strictObject({
        name: z
          .string()
          .min(1)
          .max(253)
          .describe('Name of a ConfigMap in the namespace of the job.'),
        key: z.string().min(1).max(253).default('job.ts').describe('Key that holds the file.'),
      })
      .optional()
      .describe('A ConfigMap that holds the file.'),
    path: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe('Absolute path of the file in the image of `spec.image`.'),
  }),
  [
    {
      cel: '[has(self.inline), has(self.configMapRef), has(self.path)].exists_one(given, given)',
      message: 'code comes from one place: write exactly one of inline, configMapRef and path',
      holds: (self) =>
        [self.inline, self.configMapRef, self.path].filter((part) => part !== undefined).length ===
        1,
    },
  ],
).describe(
  'The job as a TypeScript file, instead of `steps`. Node runs it as it is, without a build.',
)

export const output = withRules(
  z.strictObject({
    from: origin()
      .optional()
      .describe(
        'The input, step or branch whose records it takes. Not in a TypeScript job, where `.to(topic)` says so.',
      ),
    topic: topicName()
      .optional()
      .describe('Topic to write. It must exist, or a Topic object must create it.'),
    topicFrom: expression(
      'In place of `topic`: the topic of each record, one of `topics`. Example: `"payments-" + value.country`.',
    ).optional(),
    topics: z
      .array(topicName())
      .min(1)
      .max(32)
      .meta({ 'x-kubernetes-list-type': 'set' })
      .optional()
      .describe(
        'The topics that `topicFrom` may name. Each must exist, or a Topic object must create it.',
      ),
    format,
    keyFormat,
  }),
  [
    {
      cel: 'has(self.topic) != has(self.topicFrom)',
      message: 'an output goes somewhere: write exactly one of topic and topicFrom',
      holds: (self) => (self.topic === undefined) !== (self.topicFrom === undefined),
    },
    {
      cel: 'has(self.topicFrom) == has(self.topics)',
      message: 'topicFrom chooses one of topics: write both or neither',
      holds: (self) => (self.topicFrom === undefined) === (self.topics === undefined),
    },
  ],
).describe('A topic that the job writes, or several among which an expression chooses.')

/** The topics that an output may write. */
export const topicsOfOutput = ({
  topic,
  topics = [],
}: Pick<z.output<typeof output>, 'topic' | 'topics'>): readonly string[] =>
  topic === undefined ? topics : [topic]
