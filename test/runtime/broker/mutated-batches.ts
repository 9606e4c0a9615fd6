import { expect } from 'chai'
import { compressions } from '../../../runtime/broker/compression.ts'
import { surveyMutants } from '../../support/batch-mutants.ts'
import { javaBatches } from '../../support/java-batches.ts'
import { batchOf, fixtureRecords } from '../../support/sample-records.ts'

/** Reads that many damaged batches of every codec, as ours and as Java writes them. */
export function describeMutatedBatches(count: number): void {
  describe(`${count} mutated batches`, function () {
    this.timeout(60_000 + count)

    it('are read as what they were, or refused: no crash, no hang, no memory without bound', async () => {
      const batches = [
        ...javaBatches().values(),
        ...compressions.map((codec) => batchOf(fixtureRecords, codec)),
      ]
      const maxRss = process.resourceUsage().maxRSS
      const { accepted, slowestMs } = await surveyMutants(batches, fixtureRecords, {
        count,
        seed: 1,
      })
      expect(accepted, 'accepted').to.be.within(count * 0.04, count * 0.12)
      expect(slowestMs, 'slowest in ms').to.be.lessThan(1000)
      expect(process.resourceUsage().maxRSS - maxRss).to.be.lessThan(512 * 1024) // in KiB
    })
  })
}
