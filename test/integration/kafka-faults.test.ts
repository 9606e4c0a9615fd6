import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { batchOf, read } from '../support/seen-records.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { eventually } from '../support/eventually.ts'
import { requireOrSkip } from '../support/skip.ts'
import { connectionFaults } from './connection-faults.ts'
import { FaultyBroker, numbers } from './faulty-broker.ts'
import { fetcherFaults } from './fetcher-faults.ts'
import { groupMemberFaults } from './group-member-faults.ts'
import { producerFaults } from './producer-faults.ts'
import { transactionFaults } from './transaction-faults.ts'

describe('runtime/broker/kafka-*.ts when things go wrong', function () {
  this.timeout(60_000)
  let faulty: FaultyBroker

  before(async function () {
    this.timeout(120_000)
    requireOrSkip(this, await missingForKafka())
    faulty = await FaultyBroker.start()
  })

  afterEach(() => faulty?.heal())

  after(() => faulty?.stop())

  producerFaults(() => faulty)

  transactionFaults(() => faulty)

  connectionFaults(() => faulty)

  fetcherFaults(() => faulty)

  groupMemberFaults(() => faulty)

  it('obeys a quota, and counts for how long', async () => {
    const at = await faulty.newTopic()
    const clientId = `quota-${randomUUID()}`
    const bootstrap = ['--bootstrap-server', faulty.kafka.bootstrapServers.join(',')]
    const entity = ['--entity-type', 'clients', '--entity-name', clientId]
    const rates = ['--add-config', 'producer_byte_rate=8000,consumer_byte_rate=8000']
    await faulty.kafka.javaTool('kafka.admin.ConfigCommand', [
      ...bootstrap,
      '--alter',
      ...entity,
      ...rates,
    ])
    const limited = faulty.track(
      new KafkaBroker({ bootstrapServers: faulty.kafka.bootstrapServers, clientId }),
    )
    const [out, reader] = [
      faulty.track(limited.producer()),
      faulty.track(limited.fetcher({ maxBytes: 10_000 })),
    ]
    reader.assign({ ...at, offset: 0 })
    const values = numbers(20).map((value) => value.padEnd(5000))
    for (const value of values) {
      out.send(at, batchOf([value]))
      await out.flush()
    }
    expect(out.throttledMs).to.be.greaterThan(0)
    const seen = await read(reader, 20)
    expect(seen.map(({ value }) => value)).to.deep.equal(values)
    await eventually(() => expect(reader.throttledMs).to.be.greaterThan(0))
  })
})
