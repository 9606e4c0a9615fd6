import { fileURLToPath } from 'node:url'
import type { Job } from '../../runtime/dsl/job.ts'
import { type JobSettings, testedJob } from '../../runtime/testing/tested-job.ts'
import {
  type DriverOptions,
  TopologyTestDriver,
} from '../../runtime/testing/topology-test-driver.ts'
import { manifestJob } from '../manifest-job.ts'

/**
 * Starts a job for a test: one of TypeScript, or the StreamJob in a file or folder of manifests. Throws what is wrong with it.
 *
 * @example
 * const driver = await testDriver('streamjob.yaml')
 * await driver.pipe('payments', { value: { card: 'a', amount: 600 } })
 * assert.equal(driver.read('large-payments').length, 1)
 */
export function testDriver(
  job: Job,
  options?: JobSettings & DriverOptions,
): Promise<TopologyTestDriver>
export function testDriver(
  manifests: string | URL,
  options?: DriverOptions,
): Promise<TopologyTestDriver>
export async function testDriver(
  job: Job | string | URL,
  options: JobSettings & DriverOptions = {},
): Promise<TopologyTestDriver> {
  if (typeof job === 'string') return TopologyTestDriver.start(await manifestJob(job), options)
  if (job instanceof URL) return testDriver(fileURLToPath(job), options)
  return TopologyTestDriver.start(testedJob(job, options), options)
}
