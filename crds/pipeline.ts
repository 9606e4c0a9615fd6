import { z } from 'zod'
import { expression, MAX_FIELDS, name, topicName } from './fields.ts'
import { withRules } from './rule.ts'

/** What a job is made of: inputs, steps or code, outputs. */

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

const fieldsOf = (what: string) =>
  z
    .record(z.string(), z.string().min(1).max(4096))
    .meta({ maxProperties: MAX_FIELDS })
    .describe(what)

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
    generator: generator.optional(),
  }),
  [
    {
      cel: "!has(self.generator) || self.format in ['Json', 'String']",
      message: 'a generator writes objects with fields: its input has format Json or String',
      holds: (self) => self.generator === undefined || ['Json', 'String'].includes(self.format),
      fieldPath: '.format',
    },
  ],
).describe('A topic that the job reads.')

export const step = withRules(
  z.strictObject({
    name: name().describe(
      'Name of the step; its state and internal topics bear it, so renaming loses them.',
    ),
    from: name().describe('The input or step whose records it takes.'),
    filter: expression(
      'Keeps the records for which it is true. Example: `value.amount > 500`.',
    ).optional(),
    map: fieldsOf('New value: each field an expression. Example: `card: value.card`.').optional(),
    keyBy: expression('New key. Example: `value.customer`.').optional(),
    groupBy: expression(
      'Key to aggregate by; `key` keeps the present one. Needs `aggregate`.',
    ).optional(),
    aggregate: fieldsOf(
      'New value: each field one of `count()`, `sum(x)`, `min(x)`, `max(x)`, `avg(x)` over all records of the key so far. Needs `groupBy`.',
    ).optional(),
  }),
  [
    {
      cel: 'has(self.groupBy) == has(self.aggregate)',
      message: 'groupBy and aggregate go together: write both or neither',
      holds: (self) => (self.groupBy === undefined) === (self.aggregate === undefined),
    },
    {
      cel: '!has(self.groupBy) || (!has(self.map) && !has(self.keyBy))',
      message:
        'a step with groupBy cannot also have map or keyBy: write them as steps of their own',
      holds: (self) =>
        self.groupBy === undefined || (self.map === undefined && self.keyBy === undefined),
    },
    {
      cel: 'has(self.filter) || has(self.map) || has(self.keyBy) || has(self.groupBy)',
      message: 'a step does something: write filter, map, keyBy, or groupBy with aggregate',
      holds: (self) =>
        [self.filter, self.map, self.keyBy, self.groupBy].some((part) => part !== undefined),
    },
  ],
).describe(
  'One operation. Within a step the order is filter, map, keyBy; or filter, groupBy, aggregate.',
)

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

export const output = z
  .strictObject({
    from: name()
      .optional()
      .describe(
        'The input or step whose records it takes. Not in a TypeScript job, where `.to(topic)` says so.',
      ),
    topic: topicName().describe('Topic to write. It must exist, or a Topic object must create it.'),
    format,
    keyFormat,
  })
  .describe('A topic that the job writes.')
