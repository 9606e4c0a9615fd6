import type { RuntimeStatus } from '../runtime/config.ts'

/** All that the page shows, as it is at one moment. Objects are as the API server has them. */
export interface Snapshot {
  readonly jobs: readonly {
    readonly job: object
    readonly instances: readonly {
      readonly pod: string
      readonly status: RuntimeStatus | undefined
    }[]
  }[]
  readonly topics: readonly object[]
  /** Latest records of output topics, newest first. */
  readonly records: readonly object[]
}
