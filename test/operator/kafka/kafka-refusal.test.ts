import { expect } from 'chai'
import { authenticationFault, unreachableBecause } from '../../../operator/kafka/kafka-refusal.ts'
import type { KafkaAccess } from '../../../operator/kafka/access.ts'

const kafka = { bootstrapServers: ['kafka:9093'] }
const overTls: KafkaAccess = {
  kafka: { ...kafka, tls: { caSecretRef: { name: 'ca', key: 'ca.crt' } } },
  secrets: { ca: 'x' },
}

/** As kafkajs wraps what a socket or a broker said. */
const wrapped = (message: string, more: object) =>
  new Error(message, { cause: Object.assign(new Error(`Connection error: ${message}`), more) })

describe('operator/kafka/kafka-refusal.ts', () => {
  it('tells an expired certificate of the brokers', () => {
    const error = wrapped('certificate has expired', { code: 'CERT_HAS_EXPIRED' })
    expect(authenticationFault(error, overTls)).to.equal(
      "certificate has expired: renew the brokers' certificate",
    )
  })

  it('tells a mechanism that the listener does not offer', () => {
    const sasl = { mechanism: 'Plain', secretRef: { name: 'user' } } as const
    const error = wrapped('unsupported', { type: 'UNSUPPORTED_SASL_MECHANISM' })
    expect(authenticationFault(error, { kafka: { ...kafka, sasl }, secrets: {} })).to.equal(
      'the listener does not offer SASL Plain: change spec.kafka.sasl.mechanism',
    )
  })

  it('takes a refused connection for what it is', () => {
    const error = wrapped('connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' })
    expect(authenticationFault(error, overTls)).to.equal(undefined)
    expect(unreachableBecause(error, overTls)).to.equal('connect ECONNREFUSED 127.0.0.1:1')
  })

  it('wonders about a connection that is closed without a word', () => {
    const error = Object.assign(new Error('Closed connection'), {
      name: 'KafkaJSConnectionClosedError',
    })
    const hint = (access: KafkaAccess) => unreachableBecause(error, access)
    expect(hint({ kafka, secrets: {} })).to.match(/wants TLS or a login, set spec\.kafka\.tls$/)
    expect(hint(overTls)).to.match(/set spec\.kafka\.sasl$/)
  })
})
