import { expect } from 'chai'
import { BrokerError } from '../../runtime/broker/errors.ts'
import type { Logger } from '../../runtime/platform/logger.ts'
import { eventually } from '../support/eventually.ts'
import { type Intercept, interceptedBroker } from '../support/intercepted-broker.ts'
import { JobBench, type JobSpec } from '../support/job-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'

const REPARTITION = 'test.job-counts-repartition'
const INTERVAL_MS = 30_000

const spec: JobSpec = {
  inputs: [{ name: 'in', topic: 'in' }],
  steps: [{ name: 'counts', from: 'in', groupBy: 'value.of', aggregate: { n: 'count()' } }],
  outputs: [{ from: 'counts', topic: 'totals' }],
}

describe('repartition topics', () => {
  const warnings: string[] = []
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    error: () => undefined,
    warn: (message) => warnings.push(message),
    child: () => log,
  }
  let clock = new ManualClock()
  let bench = new JobBench({})

  const started = (intercept: Intercept = (_, run) => run()) => {
    clock = new ManualClock()
    bench = new JobBench({ in: 1, totals: 1 }, clock)
    const broker = interceptedBroker(bench.embedded.connect(), intercept)
    return bench.start(spec, { broker, log })
  }

  const until = (check: () => void) =>
    eventually(
      async () => {
        await clock.advance(50)
        check()
      },
      { everyMs: 1 },
    )

  const give = async (count: number) => {
    bench.produce(
      'in',
      Array.from({ length: count }, (_, n) => [`${n}`, { of: 'all' }] as const),
    )
    const before = bench.records('totals').length
    await until(() => expect(bench.records('totals')).to.have.length(before + count))
  }

  const repartitionLog = () => {
    const [found] = bench.embedded.topics.get(REPARTITION)?.logs ?? []
    if (found === undefined) throw new Error('there is no repartition topic')
    return found
  }

  const stop = async () => {
    const stopping = bench.stop()
    await clock.advance(1000)
    await stopping
  }

  it('lose what is processed and committed, and nothing else', async () => {
    started()
    await give(10)
    await clock.advance(INTERVAL_MS)
    await give(1)
    await until(() => expect(repartitionLog().startOffset).to.be.at.least(10))
    expect(bench.embedded.topics.get('in')?.logs[0]?.startOffset).to.equal(0)
    await give(5)
    await stop()
  })

  it('keep it where the user may not delete records, which the log says once', async () => {
    let asked = 0
    const denied = new BrokerError('TOPIC_AUTHORIZATION_FAILED', 'delete records: denied')
    const instance = started((call, run) => {
      if (call !== 'admin.deleteRecords') return run()
      asked++
      return Promise.reject(denied)
    })
    warnings.length = 0
    for (let round = 1; round <= 3; round++) {
      await clock.advance(INTERVAL_MS)
      await give(3)
      await until(() => expect(asked).to.equal(round))
    }
    expect(repartitionLog().startOffset).to.equal(0)
    expect(warnings.filter((message) => message.includes('Delete'))).to.have.length(1)
    expect(instance.status().state).to.equal('Running')
    await stop()
  })
})
