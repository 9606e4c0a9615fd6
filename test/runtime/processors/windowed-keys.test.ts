import { expect } from 'chai'
import { partitionFor } from '../../../runtime/broker/partitioner.ts'
import { job, stream, tumbling } from '../../../runtime/index.ts'
import { testedJob } from '../../../runtime/testing/tested-job.ts'
import { TopologyTestDriver } from '../../../runtime/testing/topology-test-driver.ts'

const PARTITIONS = 7

/** Kafka Streams' test driver has one partition a topic, so this cannot be seen beside it. */
describe('keys with windows', () => {
  it('lie in the partition of the key alone, whichever window they are of', async () => {
    const perMinute = stream<object>('in')
      .groupByKey('by-key')
      .windowedBy(tumbling('1m'))
      .count('n')
    const output = perMinute.toStream().to('out', { windowedKey: true })
    const driver = await TopologyTestDriver.start(testedJob(job(output)), {
      partitions: { out: PARTITIONS },
    })
    try {
      const keys = ['a', 'b', 'c', 'd', 'e']
      for (const timestamp of [0, 60_000, 120_000])
        for (const key of keys) await driver.pipe('in', { key, value: {}, timestamp })
      const found = driver
        .read('out')
        .map(({ key, partition }) => ({ key: key as { key: string }, partition }))
      expect(found).to.have.lengthOf(15)
      for (const { key, partition } of found)
        expect(partition).to.equal(partitionFor(Buffer.from(key.key), PARTITIONS))
    } finally {
      await driver.close()
    }
  })
})
