/** What a test of a job imports as `millrace/testing`. */
export type { DeadLetter } from '../../runtime/testing/dead-letter.ts'
export type { PipedRecord, ReadRecord } from '../../runtime/testing/records.ts'
export type { StoreEntry, StoreView } from '../../runtime/testing/store-view.ts'
export type { JobSettings } from '../../runtime/testing/tested-job.ts'
export type {
  DriverOptions,
  TopologyTestDriver,
} from '../../runtime/testing/topology-test-driver.ts'
export { testDriver } from './test-driver.ts'
