import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { batchOf, read, recordsOf } from '../support/seen-records.ts'
import { deleteRecordsBefore } from '../kafka/delete-records.ts'
import { eventually } from '../support/eventually.ts'
import { type FaultyBroker, failureOf, numbers } from './faulty-broker.ts'

/** What a fetcher gets over, and where it must not go on. */
export function fetcherFaults(given: () => FaultyBroker): void {
  describe('the fetcher', () => {
    let faulty: FaultyBroker

    beforeEach(() => {
      faulty = given()
    })

    it('goes on after a connection that went silent, each record once', async () => {
      const at = await faulty.newTopic()
      const out = faulty.track(faulty.broker.producer())
      const reader = faulty.readerOf(at)
      out.send(at, batchOf(['0']))
      await out.flush()
      expect(await read(reader, 1)).to.have.length(1)
      faulty.proxy.traffic = 'no replies'
      await reader.poll(1000)
      faulty.proxy.traffic = 'pass'
      out.send(at, batchOf(['1', '2']))
      await out.flush()
      // The fetch whose answer was lost is given up after ten seconds.
      const seen = await read(reader, 2)
      expect(seen.map(({ value }) => value)).to.deep.equal(['1', '2'])
    })

    it('returns no more than its budget and serves every partition', async () => {
      const topic = `t-${randomUUID()}`
      await faulty.broker.admin.createTopics([{ name: topic, partitions: 4 }])
      const out = faulty.track(faulty.broker.producer())
      const value = 'x'.repeat(10_000)
      for (let partition = 0; partition < 4; partition++) {
        for (let batch = 0; batch < 30; batch++) out.send({ topic, partition }, batchOf([value]))
      }
      await out.flush()
      const reader = faulty.track(faulty.broker.fetcher({ maxBytes: 100_000 }))
      for (let partition = 0; partition < 4; partition++)
        reader.assign({ topic, partition, offset: 0 })
      const served: number[] = []
      let seen = 0
      while (seen < 120) {
        const polled = await reader.poll(1000)
        const bytes = polled
          .flatMap(({ batches }) => batches)
          .reduce((sum, b) => sum + b.bytes.length, 0)
        expect(bytes).to.be.at.most(110_000)
        for (const fetched of polled) {
          served.push(fetched.partition)
          seen += recordsOf(fetched).length
        }
      }
      expect(new Set(served.slice(0, 8)).size).to.equal(4)
    })

    it('says which records were deleted before they were read', async () => {
      const at = await faulty.newTopic()
      const out = faulty.track(faulty.broker.producer())
      out.send(at, batchOf(numbers(10)))
      await out.flush()
      await deleteRecordsBefore(faulty.kafka, { ...at, offset: 6 })
      const reader = faulty.readerOf(at, 2)
      const failure = await eventually(async () => {
        const error = await failureOf(reader.poll(200))
        expect(error).to.be.instanceOf(Error)
        return error
      })
      expect(failure?.message).to.contain(
        `${at.topic}-0@2 is not in the log: offsets 2 to 5 were removed by retention or deleted before they were read, 6 is the first one left`,
      )
    })

    it('does not read on in a topic that was deleted and created anew', async () => {
      const at = await faulty.newTopic()
      const out = faulty.track(faulty.broker.producer())
      out.send(at, batchOf(numbers(3)))
      await out.flush()
      const reader = faulty.readerOf(at)
      await read(reader, 3)
      await faulty.admin.deleteTopics({ topics: [at.topic] })
      await eventually(() =>
        faulty.broker.admin.createTopics([{ name: at.topic, partitions: 1 }]).then(async () => {
          expect((await faulty.broker.admin.describeTopics([at.topic])).has(at.topic)).to.equal(
            true,
          )
        }),
      )
      const again = faulty.track(faulty.broker.producer())
      again.send(at, batchOf(numbers(10)))
      await again.flush()
      const failure = await eventually(async () => {
        const error = await failureOf(reader.poll(200))
        expect(error).to.be.instanceOf(Error)
        return error
      })
      expect(failure?.code).to.equal('TOPIC_RECREATED')
    })
  })
}
