import { z } from 'zod'
import { expression, fieldsOf, MAX_FIELDS, name, origin } from './fields.ts'
import { window } from './window.ts'
import { withRules } from './rule.ts'
import { burst, deduplicate, join } from './step-joins.ts'

/** Fields of a step of which it needs one, unless it merges. */
const operations = [
  'filter',
  'filterNot',
  'flatMap',
  'map',
  'project',
  'keyBy',
  'repartition',
  'join',
  'deduplicate',
  'burst',
  'branches',
  'groupBy',
] as const

/** Those that cannot go before groupBy in one step: what is grouped has a name of its own to look at. */
const notWithGroupBy = ['flatMap', 'map', 'project', 'keyBy', 'repartition'] as const

/** All that their step does: before or after them, a filter would look at other values. */
const alone = ['join', 'deduplicate', 'burst', 'branches'] as const

const count = (fields: readonly string[]): string =>
  `[${fields.map((field) => `has(self.${field})`).join(', ')}].filter(given, given).size()`

const fieldNames = (what: string) =>
  z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(MAX_FIELDS)
    .meta({ 'x-kubernetes-list-type': 'set' })
    .optional()
    .describe(what)

const project = withRules(
  z.strictObject({
    keep: fieldNames('The fields that stay; all others go.'),
    drop: fieldNames('The fields that go.'),
    rename: z
      .record(z.string(), z.string().min(1).max(256))
      .meta({ minProperties: 1, maxProperties: MAX_FIELDS })
      .optional()
      .describe('Old name: new name. Example: `cardNumber: card`.'),
  }),
  [
    {
      cel: '[has(self.keep), has(self.drop), has(self.rename)].exists_one(given, given)',
      message: 'project does one thing: write exactly one of keep, drop and rename',
      holds: (self) =>
        [self.keep, self.drop, self.rename].filter((part) => part !== undefined).length === 1,
    },
  ],
).describe('Which fields of an object stay, and under what names. Null stays null.')

const branches = withRules(
  z
    .array(
      z.strictObject({
        name: name().describe('Later steps and outputs say `from: <step>.<name>`.'),
        when: expression(
          'Takes the records for which it is true, of those left by the branches before. Unset, in the last branch: takes all that are left.',
        ).optional(),
      }),
    )
    .min(1)
    .max(32)
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  [
    {
      cel: 'self.all(b, self.exists_one(c, c.name == b.name))',
      message: 'two branches have one name: choose another',
      holds: (self) => new Set(self.map((branch) => branch.name)).size === self.length,
    },
    {
      cel: 'self.filter(b, !has(b.when)).size() == (has(self[size(self) - 1].when) ? 0 : 1)',
      message: 'a branch without when takes all that are left: write it once, as the last',
      holds: (self) => self.slice(0, -1).every(({ when }) => when !== undefined),
    },
  ],
).describe('Splits the records: each goes to the first branch that takes it, or nowhere.')

export const step = withRules(
  z.strictObject({
    name: name().describe(
      'Name of the step; its state and internal topics bear it, so renaming loses them.',
    ),
    from: origin()
      .optional()
      .describe('The input, step or branch (`<step>.<branch>`) whose records it takes.'),
    merge: z
      .array(origin())
      .min(2)
      .max(16)
      .meta({ 'x-kubernetes-list-type': 'set' })
      .optional()
      .describe(
        'In place of `from`: several inputs, steps or branches, whose records it takes as they come.',
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
    project: project.optional(),
    keyBy: expression('New key. Example: `value.customer`.').optional(),
    repartition: z
      .strictObject({
        partitions: z
          .int()
          .min(1)
          .max(10_000)
          .optional()
          .describe('Partitions of the topic. Unset: as many as there are tasks that write it.'),
      })
      .optional()
      .describe(
        'Sends the records through a topic of the job, by their key. Example: `{partitions: 12}`, or `{}`.',
      ),
    join: join.optional(),
    deduplicate: deduplicate.optional(),
    burst: burst.optional(),
    branches: branches.optional(),
    groupBy: expression(
      'Key to aggregate by; `key` keeps the present one. Needs `aggregate`.',
    ).optional(),
    window: window.optional(),
    aggregate: fieldsOf(
      'New value: each field an aggregate function, such as `count()`, `sum(x)` or `topN(x, 3)`, over all records of the key so far, or of its window; over a table, over the rows that it has. Needs `groupBy`.',
    ).optional(),
    emit: z
      .enum(['OnUpdate', 'OnCommit'])
      .optional()
      .describe(
        'Of an aggregate without `window`, which has its own. `OnUpdate` (the default): a new value after each record. `OnCommit`: at each commit the last value of each key that changed.',
      ),
    as: z
      .enum(['Stream', 'Table'])
      .optional()
      .describe(
        '`Table`: what comes of the step is a table, with the latest value of each key. `Stream`: the updates of a table. Unset: a step over a table gives a table, all others and every aggregate a stream.',
      ),
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
      cel: '!has(self.window) || has(self.groupBy)',
      message: 'a window is of an aggregate: write groupBy and aggregate, too',
      holds: (self) => self.window === undefined || self.groupBy !== undefined,
    },
    {
      cel: '!has(self.emit) || has(self.groupBy)',
      message: 'emit is of an aggregate: write groupBy and aggregate, too',
      holds: (self) => self.emit === undefined || self.groupBy !== undefined,
    },
    {
      cel: '!has(self.emit) || !has(self.window)',
      message: 'windows have their own emit: write it within window',
      holds: (self) => self.emit === undefined || self.window === undefined,
    },
    {
      cel: `!has(self.groupBy) || !(${notWithGroupBy.map((field) => `has(self.${field})`).join(' || ')})`,
      message: `a step with groupBy cannot also have ${notWithGroupBy.join(', ')}: write them as steps of their own`,
      holds: (self) =>
        self.groupBy === undefined || notWithGroupBy.every((field) => self[field] === undefined),
    },
    {
      cel: `${count(alone)} == 0 || has(self.from) && ${count(operations)} == 1`,
      message: `a step with ${alone.slice(0, -1).join(', ')} or ${alone.at(-1)} has from and nothing else: write the rest as steps of their own`,
      holds: (self) =>
        alone.every((field) => self[field] === undefined) ||
        (self.from !== undefined &&
          operations.filter((field) => self[field] !== undefined).length === 1),
    },
    {
      cel: [...operations, 'merge', 'as'].map((field) => `has(self.${field})`).join(' || '),
      message: `a step does something: write one of ${operations.join(', ')}`,
      holds: (self) =>
        [...operations, 'merge' as const, 'as' as const].some((field) => self[field] !== undefined),
    },
  ],
).describe(
  'One operation, or several in the order of these fields: filter first, groupBy with aggregate last.',
)
