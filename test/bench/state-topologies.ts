import { type BenchTopology, joined, oneStep } from './topology.ts'

/** Those that keep state, by key. */
export const stateTopologies: readonly BenchTopology[] = [
  {
    name: 'count',
    does: 'how many payments each key has made',
    outputs: 1,
    gives: 'updates',
    job: oneStep({ groupBy: 'key', aggregate: { payments: 'count()' } }),
  },
  {
    name: 'sum',
    does: 'the sum of `amount` of each key',
    outputs: 1,
    gives: 'updates',
    job: oneStep({ groupBy: 'key', aggregate: { total: 'sum(value.amount)' } }),
  },
  {
    name: 'tumbling',
    does: 'payments of each key in windows of 10 s',
    outputs: 1,
    gives: 'updates',
    job: oneStep(
      { groupBy: 'key', window: { tumbling: '10s' }, aggregate: { payments: 'count()' } },
      { windowedKey: true },
    ),
  },
  {
    name: 'hopping',
    does: 'payments of each key in windows of 1 h, one every 5 min: a record is in twelve',
    outputs: 1,
    gives: 'updates',
    job: oneStep(
      {
        groupBy: 'key',
        window: { hopping: '1h', every: '5m' },
        aggregate: { payments: 'count()' },
      },
      { windowedKey: true },
    ),
  },
  {
    name: 'session',
    does: 'payments of each key in sessions with a gap of 2 s',
    outputs: 1,
    gives: 'updates',
    // A table, as in Kafka Streams, says which sessions are gone since they became part of another.
    job: oneStep(
      {
        groupBy: 'key',
        window: { session: '2s' },
        aggregate: { payments: 'count()' },
        as: 'Table',
      },
      { windowedKey: true },
    ),
  },
  {
    name: 'stream-join',
    does: 'each payment with the receipts of its key within 500 ms; it has a receipt of its own, which is not counted as input',
    outputs: 1,
    beside: 'receipts',
    job: joined({ name: 'receipts' }, { stream: 'receipts', within: '500ms', as: 'receipt' }),
  },
  {
    name: 'table-join',
    does: 'each payment with the row of its key; the rows of all keys come first and are not counted as input',
    outputs: 1,
    beside: 'customers',
    job: joined({ name: 'customers', as: 'Table' }, { table: 'customers', as: 'customer' }),
  },
  {
    name: 'deduplicate',
    does: 'each `id` once within 1 min; every tenth record is sent twice',
    outputs: 1,
    input: 'retried-payments',
    job: oneStep({ deduplicate: { by: 'value.id', within: '1m' } }),
  },
]
