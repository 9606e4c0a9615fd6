import { z } from 'zod'
import { expression, name, origin, timeSpan } from './fields.ts'
import { withRules } from './rule.ts'

/** Fields of a step that let records meet others: of another stream, of a table, or of their own key. */

const fieldName = (what: string) => z.string().min(1).max(256).describe(what)

const ofStreams = ['within', 'before', 'after', 'otherBy'] as const

export const join = withRules(
  z.strictObject({
    stream: origin()
      .optional()
      .describe('The input, step or branch whose records are met, if their time is near.'),
    table: name()
      .optional()
      .describe(
        'The table of which a record meets what it has for its key at that moment. A step over a table gives a table, which an update of either renews.',
      ),
    by: expression(
      'Key by which the records of this step are joined. Unset: the one they have. Between tables: the key of a row in `table`. Example: `value.card`.',
    ).optional(),
    otherBy: expression('The same for the records of `stream`.').optional(),
    as: fieldName('The field that holds what was met; null where it was nothing.'),
    type: z
      .enum(['Inner', 'Left', 'Outer'])
      .default('Inner')
      .describe(
        'What becomes of records that meet nothing: `Inner` drops them, `Left` keeps those of this step, `Outer` those of `stream`, too.',
      ),
    within: timeSpan('How far apart the times of two records may be.').optional(),
    before: timeSpan(
      'In place of `within`: how much earlier the record of `stream` may be. Unset: not at all.',
    ).optional(),
    after: timeSpan(
      'In place of `within`: how much later the record of `stream` may be. Unset: not at all.',
    ).optional(),
    grace: timeSpan(
      'How long after that records are still waited for that come late. With a `table` that has `history`: how long records wait for its updates. Unset: not at all.',
    ).optional(),
  }),
  [
    {
      cel: 'has(self.stream) != has(self.table)',
      message: 'a step joins one thing: write exactly one of stream and table',
      holds: (self) => (self.stream === undefined) !== (self.table === undefined),
    },
    {
      cel: 'has(self.table) || has(self.within) != (has(self.before) || has(self.after))',
      message:
        'a join of streams says how far apart records may be: write within, or before or after',
      holds: (self) =>
        self.table !== undefined ||
        (self.within !== undefined) !== (self.before !== undefined || self.after !== undefined),
    },
    {
      cel: `!has(self.table) || !(${ofStreams.map((field) => `has(self.${field})`).join(' || ')})`,
      message: `a record meets what a table has at that moment: leave ${ofStreams.join(', ')} out`,
      holds: (self) =>
        self.table === undefined || ofStreams.every((field) => self[field] === undefined),
    },
  ],
).describe('Lets each record meet another of the same key; its value gets one field more.')

export const deduplicate = z
  .strictObject({
    by: expression(
      'What makes two records of a key equal. Unset: the key alone. Example: `value.id`.',
    ).optional(),
    within: timeSpan(
      'How far apart the times of equal records may be; also how much older than the latest a record may be that is looked at at all.',
    ),
  })
  .describe('Lets the first of equal records of a key through, and drops the others.')

export const burst = z
  .strictObject({
    atLeast: z.int().min(2).max(100_000).describe('How many records make a burst. Example: `3`.'),
    within: timeSpan(
      'Within what time they lie; also how much older than the latest a record may be that is looked at at all.',
    ),
    as: fieldName('The field that holds how many there are.').default('count'),
  })
  .describe('Lets each record through that makes it so many of its key, or more, within a time.')
