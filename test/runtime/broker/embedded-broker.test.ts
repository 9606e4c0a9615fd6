import { EmbeddedBroker } from '../../../runtime/broker/embedded-broker.ts'
import { brokerContract } from '../../contract/broker.ts'

describe('runtime/broker/embedded-broker.ts', () => {
  const embedded = new EmbeddedBroker()
  brokerContract(async () => embedded.connect())
})
