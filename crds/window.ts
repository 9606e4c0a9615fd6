import { z } from 'zod'
import { timeSpan } from './fields.ts'
import { withRules } from './rule.ts'

/** What says which windows there are; a step has one of them. */
const shapes = ['tumbling', 'hopping', 'sliding', 'session'] as const

export const window = withRules(
  z.strictObject({
    tumbling: timeSpan('Windows of this size, one after the other.').optional(),
    hopping: timeSpan(
      'Windows of this size that overlap: the next begins `every` so often.',
    ).optional(),
    every: timeSpan('How long after a hopping window the next begins.').optional(),
    sliding: timeSpan(
      'For any records that are at most so far apart there is a window that holds them.',
    ).optional(),
    session: timeSpan(
      'A window lasts as long as no gap between its records is longer than this.',
    ).optional(),
    grace: timeSpan(
      'For how long after its end a window takes records that come late, by stream time. Later ones go to `<step>.late`. Unset: not at all.',
    ).optional(),
    emit: z
      .enum(['OnUpdate', 'OnCommit', 'OnClose'])
      .optional()
      .describe(
        '`OnUpdate` (the default): a new value after each record. `OnCommit`: at each commit the last value of each window that changed. `OnClose`: one value for each window, once it takes no more records.',
      ),
  }),
  [
    {
      cel: `[${shapes.map((shape) => `has(self.${shape})`).join(', ')}].exists_one(given, given)`,
      message: `write exactly one of ${shapes.join(', ')}`,
      holds: (self) => shapes.filter((shape) => self[shape] !== undefined).length === 1,
    },
    {
      cel: 'has(self.every) == has(self.hopping)',
      message: 'hopping and every go together: write both or neither',
      holds: (self) => (self.every === undefined) === (self.hopping === undefined),
    },
  ],
).describe(
  'Aggregates the records of each window of time apart. Expressions after the step see `window.start` and `window.end`.',
)
