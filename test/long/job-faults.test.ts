import { jobFaults } from '../integration/job-faults.ts'

describe('a stateless job on three brokers, for long', () =>
  jobFaults({ kills: 15, outageMs: 30_000 }))
