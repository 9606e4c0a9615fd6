import { expect } from 'chai'
import { EmbeddedBroker } from '../../../runtime/broker/embedded-broker.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import { silentLogger } from '../../../runtime/platform/silent-logger.ts'
import { Standbys } from '../../../runtime/tasks/standbys.ts'
import { openStores } from '../../../runtime/tasks/task-stores.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const at = { topic: 'changelog', partition: 0 }

describe('runtime/tasks/standbys.ts', () => {
  let clock: ManualClock
  let broker: EmbeddedBroker
  let standbys: Standbys

  beforeEach(() => {
    clock = new ManualClock()
    broker = new EmbeddedBroker(clock)
    broker.createTopic({ name: 'changelog', partitions: 1 })
    const around = { clock, snapshots: undefined, log: silentLogger }
    standbys = new Standbys({ ...around, broker: broker.connect() })
  })
  afterEach(() => standbys.close())

  const newStores = () => {
    const layout = { kind: 'key-value', format: 'Json' } as const
    return openStores([{ ...layout, name: 'counts', changelogTopic: 'changelog' }], 0, undefined)
  }

  /** A batch of one record each. */
  const write = (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const builder = new RecordBatchBuilder()
      builder.append(n, Buffer.from(`k${n}`), Buffer.from(`${n}`))
      broker.append(at, builder.build())
    }
  }

  const untilLag = (lag: number | undefined) =>
    eventually(async () => {
      await standbys.read()
      expect(standbys.status()).to.deep.equal([
        { id: '0_0', ...(lag === undefined ? {} : { lag }) },
      ])
    })

  it('read what a changelog has and what comes, and give it away with their position', async () => {
    write(0, 10)
    standbys.add('0_0', newStores())
    expect(standbys.status()).to.deep.equal([{ id: '0_0' }])
    await untilLag(0)
    write(10, 12)
    await standbys.read()
    const kept = standbys.take('0_0')
    expect(kept?.stores.map(({ size }) => size)).to.deep.equal([12])
    expect(kept?.changelogs.map(({ position }) => position)).to.deep.equal([12])
    expect(kept?.streamTime).to.equal(11)
    expect(standbys.status()).to.deep.equal([])
  })

  it('give nothing away that they have only begun with', async () => {
    standbys.add('0_0', newStores())
    expect(standbys.take('0_0')).to.equal(undefined)
    expect(standbys.all).to.deep.equal([])
    await standbys.close()
  })

  it('go on with the stores of a task from its position', async () => {
    write(0, 10)
    const stores = newStores()
    for (const changelog of stores.changelogs) changelog.position = 7
    standbys.add('0_0', stores)
    await untilLag(0)
    expect(standbys.take('0_0')?.stores.map(({ size }) => size)).to.deep.equal([3])
  })

  it('begin anew where what they were to read is gone', async () => {
    write(0, 10)
    standbys.add('0_0', newStores())
    await untilLag(0)
    write(10, 30)
    broker.topics.get('changelog')?.logs[0]?.deleteBefore(20)
    await untilLag(0)
    const kept = standbys.take('0_0')
    expect(kept?.stores.map(({ size }) => size)).to.deep.equal([10])
    expect(kept?.changelogs.map(({ position }) => position)).to.deep.equal([30])
  })

  it('are not taken for caught up once they have not heard from the broker for long', async () => {
    standbys.add('0_0', newStores())
    await untilLag(0)
    expect(standbys.isCaughtUp('0_0', 0)).to.equal(true)
    write(0, 5)
    expect(standbys.isCaughtUp('0_0', 0)).to.equal(true)
    await clock.advance(11_000)
    expect(standbys.isCaughtUp('0_0', 0)).to.equal(false)
    await standbys.read()
    expect(standbys.isCaughtUp('0_0', 0)).to.equal(true)
  })
})
