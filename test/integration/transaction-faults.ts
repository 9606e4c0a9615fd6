import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { at as header } from '../../runtime/broker/batch-header.ts'
import type { TopicPartition, TransactionalProducer } from '../../runtime/broker/broker.ts'
import { ProducerFenced, TransactionFailed } from '../../runtime/broker/errors.ts'
import { batchOf, recordsOf } from '../support/seen-records.ts'
import { ADD_PARTITIONS_TO_TXN, apiKeyOf, END_TXN, refuseProduce } from '../kafka/wire.ts'
import { eventually } from '../support/eventually.ts'
import { type FaultyBroker, failureOf } from './faulty-broker.ts'

/** What becomes of a transaction when answers are lost or refused. */
export function transactionFaults(given: () => FaultyBroker): void {
  describe('a transaction', () => {
    let faulty: FaultyBroker

    beforeEach(() => {
      faulty = given()
    })

    async function transactional(): Promise<TransactionalProducer> {
      const transactionalId = `x-${randomUUID()}`
      const out = faulty.track(
        faulty.broker.transactionalProducer({ transactionalId, transactionTimeoutMs: 60_000 }),
      )
      await out.takeOver()
      return out
    }

    async function commitOne(out: TransactionalProducer, to: TopicPartition, value: string) {
      out.send(to, batchOf([value]))
      await out.commit()
    }

    /** Values with the epochs under which they were written. */
    async function written(at: TopicPartition, count: number) {
      const seen: (readonly [value: string | null, epoch: number])[] = []
      const reader = faulty.readerOf(at)
      await eventually(async () => {
        for (const fetched of await reader.poll(200))
          for (const batch of fetched.batches) {
            const epoch = batch.bytes.readInt16BE(header.producerEpoch)
            const records = recordsOf({ ...fetched, batches: [batch] })
            seen.push(...records.map(({ value }) => [value, epoch] as const))
          }
        expect(seen).to.have.length.at.least(count)
      })
      return seen
    }

    for (const [name, key] of [
      ['that adds a partition', ADD_PARTITIONS_TO_TXN],
      ['that commits', END_TXN],
    ] as const) {
      it(`goes through when the answer to the request ${name} is lost, and the next has a new epoch`, async () => {
        const at = await faulty.newTopic()
        const out = await transactional()
        await commitOne(out, at, '0')
        let before = Infinity
        faulty.proxy.intercept = (request) => {
          if (apiKeyOf(request) !== key) return undefined
          faulty.proxy.traffic = 'no replies'
          before = faulty.proxy.received
          return undefined
        }
        const committed = commitOne(out, at, '1')
        await eventually(() => expect(faulty.proxy.received).to.be.greaterThan(before))
        faulty.proxy.intercept = undefined
        faulty.proxy.traffic = 'pass'
        faulty.proxy.cut()
        await committed
        await commitOne(out, at, '2')
        await commitOne(out, at, '3')
        expect(await written(at, 4)).to.deep.equal([
          ['0', 0],
          ['1', 0],
          ['2', 1],
          ['3', 1],
        ])
      })
    }

    const refusals = [
      ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45, TransactionFailed],
      ['INVALID_PRODUCER_EPOCH', 47, ProducerFenced],
      ['INVALID_TXN_STATE', 48, TransactionFailed],
      ['UNKNOWN_PRODUCER_ID', 59, TransactionFailed],
    ] as const
    for (const [name, code, thrown] of refusals) {
      it(`is aborted as a whole after ${name}, and the next one is not`, async () => {
        const at = await faulty.newTopic()
        const out = await transactional()
        await commitOne(out, at, '0')
        out.send(at, batchOf(['lost']))
        await out.flush()
        faulty.proxy.intercept = refuseProduce(at, [code])
        out.send(at, batchOf(['lost']))
        expect(await failureOf(out.flush())).to.be.instanceOf(thrown)
        await out.abort()
        await commitOne(out, at, '1')
        const values = (await written(at, 2)).map(([value]) => value)
        expect(values).to.deep.equal(['0', '1'])
      })
    }
  })
}
