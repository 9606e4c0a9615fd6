import type { BadManifest } from './bad-manifests.ts'

const inputs = [
  { name: 'in', topic: 'in' },
  { name: 'other', topic: 'other' },
]

const steps = (step: object, fields: object = {}) => ({
  kafka: { bootstrapServers: ['kafka:9092'] },
  inputs,
  steps: [{ name: 'large', ...step }],
  outputs: [{ from: 'large', topic: 'out' }],
  ...fields,
})
const step = (fields: object) => steps({ from: 'in', ...fields })

/** Joins, and what looks at the records of one key. */
export const badJoins: readonly BadManifest[] = [
  {
    sentence: 'a join of nothing',
    kind: 'StreamJob',
    spec: step({ join: { as: 'x' } }),
    says: /exactly one of stream and table/,
  },
  {
    sentence: 'a join of streams without a time',
    kind: 'StreamJob',
    spec: step({ join: { stream: 'other', as: 'x' } }),
    says: /write within, or before or after/,
  },
  {
    sentence: 'a join of streams with two times',
    kind: 'StreamJob',
    spec: step({ join: { stream: 'other', as: 'x', within: '1m', after: '1m' } }),
    says: /write within, or before or after/,
  },
  {
    sentence: 'a join with a table within a time',
    kind: 'StreamJob',
    spec: step({ join: { table: 'other', as: 'x', within: '1m' } }),
    says: /leave within, before, after, otherBy out/,
  },
  {
    sentence: 'a time that is none',
    kind: 'StreamJob',
    spec: step({ join: { stream: 'other', as: 'x', within: '1 minute' } }),
    says: /within/,
  },
  {
    sentence: 'a join beside a filter',
    kind: 'StreamJob',
    spec: step({ join: { stream: 'other', as: 'x', within: '1m' }, filter: 'true' }),
    says: /has from and nothing else/,
  },
  {
    sentence: 'a deduplication of what is merged',
    kind: 'StreamJob',
    spec: steps({ merge: ['in', 'other'], deduplicate: { within: '1m' } }),
    says: /has from and nothing else/,
  },
  {
    sentence: 'a burst of one',
    kind: 'StreamJob',
    spec: step({ burst: { atLeast: 1, within: '1m' } }),
    says: /atLeast.*greater than or equal to 2/,
  },
  {
    sentence: 'the history of a stream',
    kind: 'StreamJob',
    spec: steps(
      { from: 'in', filter: 'true' },
      { inputs: [{ name: 'in', topic: 'in', history: '1h' }] },
    ),
    says: /write as: Table, or leave history out/,
  },
]
