import { expect } from 'chai'
import type { BrokerError } from '../../../runtime/broker/errors.ts'
import { KafkaBroker } from '../../../runtime/broker/kafka-broker.ts'
import { eventually } from '../../support/eventually.ts'
import { freePorts } from '../../support/free-ports.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const HOUR_MS = 60 * 60 * 1000

describe('runtime/broker/kafka-admin.ts', () => {
  it('gives up on topics while nobody answers, and not on offsets', async () => {
    const clock = new ManualClock()
    const [port = 0] = await freePorts(1)
    const bootstrapServers = [`127.0.0.1:${port}`]
    const broker = new KafkaBroker({ bootstrapServers, clientId: 'patient', clock })
    const failures = new Map<string, string>()
    const note = (question: string) => (error: unknown) =>
      void failures.set(question, (error as BrokerError).code)
    const topics = broker.admin.describeTopics(['t']).catch(note('topics'))
    const at = [{ topic: 't', partition: 0 }]
    const offsets = broker.admin.listOffsets(at, 'latest').catch(note('offsets'))
    await eventually(
      async () => {
        await clock.advance(HOUR_MS / 60)
        expect(clock.monotonic()).to.be.at.least(HOUR_MS)
      },
      { everyMs: 1 },
    )
    await topics
    expect([...failures]).to.deep.equal([['topics', 'UNREACHABLE']])
    await broker.close()
    await offsets
  })
})
