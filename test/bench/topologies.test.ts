import { expect } from 'chai'
import { JobBench } from '../support/job-bench.ts'
import { eventually } from '../support/eventually.ts'
import { PaymentMaker } from './payments.ts'
import { topologies } from './topologies.ts'

const PAYMENTS = 200

describe('test/bench/topologies.ts', () => {
  let bench: JobBench | undefined

  afterEach(async () => {
    await bench?.stop()
    bench = undefined
  })

  for (const { name, outputs, keeps, job } of topologies) {
    it(`${name} lets out as many records as the bench waits for`, async () => {
      const maker = new PaymentMaker(100)
      const payments = Array.from({ length: PAYMENTS }, (_, id) => maker.next(id))
      const names = Array.from({ length: outputs }, (_, index) => `out-${index}`)
      const started = new JobBench(
        Object.fromEntries(['in', 'through', ...names].map((topic) => [topic, 2])),
      )
      bench = started
      started.produce(
        'in',
        payments.map(({ key, json }) => [key, json]),
      )
      started.start(job({ input: 'in', through: 'through', outputs: names }))
      const expected = payments.filter(keeps).length
      await eventually(() => {
        const written = names.map((topic) => started.records(topic).length)
        expect(written.reduce((sum, count) => sum + count, 0)).to.equal(expected)
      })
    })
  }
})
