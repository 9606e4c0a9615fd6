import { z } from 'zod'
import { expression, MAX_FIELDS, name, topicName } from './fields.ts'
import { withRules } from './rule.ts'

/** What a job is made of: inputs, steps or code, outputs. */

const format = z
  .enum(['Json', 'String'])
  .default('Json')
  .describe('How values are written: `Json` or `String` (UTF-8 text). Keys are always text.')

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

export const input = z
  .strictObject({
    name: name().describe('Name by which steps refer to it.'),
    topic: topicName().describe('Topic to read. It must exist, or a Topic object must create it.'),
    format,
    startFrom: z
      .enum(['Earliest', 'Latest'])
      .default('Earliest')
      .describe('Where to start when the job has no committed offset.'),
    generator: generator.optional(),
  })
  .describe('A topic that the job reads.')

/** Fields of a step of which it needs one, unless it merges. */
const operations = ['filter', 'filterNot', 'flatMap', 'map', 'keyBy', 'groupBy'] as const

/** Those that cannot go before groupBy in one step: what they make would have no name to look at. */
const notWithGroupBy = ['flatMap', 'map', 'keyBy'] as const

export const step = withRules(
  z.strictObject({
    name: name().describe(
      'Name of the step; its state and internal topics bear it, so renaming loses them.',
    ),
    from: name().optional().describe('The input or step whose records it takes.'),
    merge: z
      .array(name())
      .min(2)
      .max(16)
      .meta({ 'x-kubernetes-list-type': 'set' })
      .optional()
      .describe(
        'In place of `from`: several inputs or steps, whose records it takes as they come.',
      ),
    filter: expression(
      'Keeps the records for which it is true. Example: `value.amount > 500`.',
    ).optional(),
    filterNot: expression(
      'Drops the records for which it is true. Example: `value.test`.',
    ).optional(),
    flatMap: expression(
      'A list, each element of which becomes the value of a record of its own. Example: `value.lines`.',
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
      cel: 'has(self.from) != has(self.merge)',
      message: 'a step takes records from somewhere: write exactly one of from and merge',
      holds: (self) => (self.from === undefined) !== (self.merge === undefined),
    },
    {
      cel: 'has(self.groupBy) == has(self.aggregate)',
      message: 'groupBy and aggregate go together: write both or neither',
      holds: (self) => (self.groupBy === undefined) === (self.aggregate === undefined),
    },
    {
      cel: `!has(self.groupBy) || !(${notWithGroupBy.map((field) => `has(self.${field})`).join(' || ')})`,
      message: `a step with groupBy cannot also have ${notWithGroupBy.join(', ')}: write them as steps of their own`,
      holds: (self) =>
        self.groupBy === undefined || notWithGroupBy.every((field) => self[field] === undefined),
    },
    {
      cel: [...operations, 'merge'].map((field) => `has(self.${field})`).join(' || '),
      message: `a step does something: write one of ${operations.join(', ')}`,
      holds: (self) => [...operations, 'merge' as const].some((field) => self[field] !== undefined),
    },
  ],
).describe(
  'One operation, or several in the order of these fields: filter first, groupBy with aggregate last.',
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
  })
  .describe('A topic that the job writes.')
