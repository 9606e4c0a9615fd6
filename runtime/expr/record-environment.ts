import type { StreamRecord } from '../topology/record.ts'
import type { Environment } from './environment.ts'

/** What the expressions of a job see of a record. */
export const recordEnvironment: Environment<StreamRecord> = {
  variables: {
    key: (record) => record.key,
    value: (record) => record.value,
    timestamp: (record) => record.timestamp,
    window: (record) => record.window,
    topic: (record) => record.topic,
    partition: (record) => record.partition,
    offset: (record) => record.offset,
    headers: (record) =>
      Object.fromEntries(
        record.headers.map(({ key, value }) => [key, value?.toString('utf8') ?? null]),
      ),
  },
}
