import { expect } from 'chai'
import { kafkaAdmins } from '../../../operator/kafka/kafka-admins.ts'
import type { NamesKafka } from '../../../operator/kafka/kafka-admin.ts'
import { MemoryKube } from '../../../operator/local/memory-kube.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { writeSecret } from './secrets.ts'

const plain = (server: string, namespace = 'n'): NamesKafka => ({
  metadata: { namespace },
  spec: { kafka: { bootstrapServers: [server] } },
})

const withLogin = (username: string): NamesKafka => ({
  metadata: { namespace: 'n' },
  spec: {
    kafka: {
      bootstrapServers: ['kafka:9093'],
      sasl: { mechanism: 'Plain', username, secretRef: { name: 'user' } },
    },
  },
})

describe('operator/kafka/kafka-admins.ts', () => {
  let kube: MemoryKube
  let clock: ManualClock
  let admins: ReturnType<typeof kafkaAdmins>

  beforeEach(async () => {
    clock = new ManualClock()
    kube = new MemoryKube(clock)
    admins = kafkaAdmins(kube, clock)
    await writeSecret(kube, 'user', { password: 'p' })
  })

  afterEach(() => admins.close())

  it('has one for all objects that need no Secret for a cluster', async () => {
    const first = await admins.of(plain('kafka:9092'))
    expect(await admins.of(plain('kafka:9092', 'other'))).to.equal(first)
    expect(await admins.of(plain('other:9092'))).not.to.equal(first)
  })

  it('has one for all objects that log in alike', async () => {
    const first = await admins.of(withLogin('a'))
    expect(await admins.of(withLogin('a'))).to.equal(first)
    expect(await admins.of(withLogin('b'))).not.to.equal(first)
  })

  it('takes another once the Secret has changed', async () => {
    const first = await admins.of(withLogin('a'))
    await writeSecret(kube, 'user', { password: 'other' })
    const second = await admins.of(withLogin('a'))
    expect(second).not.to.equal(first)
    expect(await admins.of(withLogin('a'))).to.equal(second)
  })

  it('gives up one that nobody asks for any more', async () => {
    const [used, unused] = [await admins.of(withLogin('a')), await admins.of(withLogin('b'))]
    for (let minute = 0; minute < 12; minute++) {
      await clock.advance(60_000)
      expect(await admins.of(withLogin('a'))).to.equal(used)
    }
    expect(await admins.of(withLogin('b'))).not.to.equal(unused)
  })

  it('says which key cannot be used, before it connects', async () => {
    await writeSecret(kube, 'ca', { 'ca.crt': 'x' })
    const tls = { caSecretRef: { name: 'ca', key: 'ca.crt' } }
    const object = {
      metadata: { namespace: 'n' },
      spec: { kafka: { bootstrapServers: ['k:1'], tls } },
    }
    const failure = await admins.of(object).then(String, (error: unknown) => error)
    expect(failure).to.include({
      reason: 'AuthenticationFailed',
      message: 'key "ca.crt" of Secret "ca" is no CA certificate in PEM',
    })
  })
})
