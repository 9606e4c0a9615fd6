import { jobFaults } from './job-faults.ts'

describe('a stateless job on three brokers', () => jobFaults({ kills: 1 }))
