import { expect } from 'chai'
import { splitBatches } from '../../../runtime/broker/record-batch.ts'
import { javaBatches } from '../../support/java-batches.ts'
import { fixtureRecords, recordsIn } from '../../support/sample-records.ts'
import { describeMutatedBatches } from './mutated-batches.ts'

describeMutatedBatches(20_000)

describe('batches as Java writes them', () => {
  for (const [codec, bytes] of javaBatches()) {
    it(`are read, ${codec}`, () => {
      const read = splitBatches(bytes).flatMap(recordsIn)
      expect(read).to.deep.equal(fixtureRecords.map((record, offset) => ({ offset, ...record })))
    })
  }
})
