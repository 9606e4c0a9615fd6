import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { brokerContract } from '../contract/broker.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { sharedKafka } from '../kafka/shared.ts'
import { requireOrSkip } from '../support/skip.ts'

describe('runtime/broker/kafka-broker.ts on a real Kafka', function () {
  this.timeout(120_000)

  before(async function () {
    requireOrSkip(this, await missingForKafka())
    await sharedKafka()
  })

  brokerContract(async () => {
    const { bootstrapServers } = await sharedKafka()
    return new KafkaBroker({ bootstrapServers, clientId: 'contract' })
  })
})
