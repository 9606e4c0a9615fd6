import { describeMutatedBatches } from '../runtime/broker/mutated-batches.ts'

describeMutatedBatches(1_000_000)
