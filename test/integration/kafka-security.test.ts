import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { BrokerError } from '../../runtime/broker/errors.ts'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import type { KafkaSasl, KafkaSecurity, KafkaTls } from '../../runtime/broker/kafka-security.ts'
import { batchOf, read } from '../support/seen-records.ts'
import { type Certificates, makeCertificates } from '../kafka/certificates.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { REAUTHENTICATION_MS, type SecureKafka, startSecureKafka } from '../kafka/secure.ts'
import { unsignedToken } from '../kafka/unsigned-token.ts'
import { cacheDir } from '../support/cache.ts'
import { hasCommand } from '../support/command.ts'
import { requireOrSkip } from '../support/skip.ts'

/** Must show up nowhere: neither in messages nor in what an error wraps. */
const PASSWORD = 'canary-7d1f'

describe('runtime/broker/kafka-security.ts on a real Kafka', function () {
  this.timeout(60_000)
  let dir: string
  let kafka: SecureKafka
  let certificates: Certificates
  const opened: { close(): Promise<void> }[] = []

  before(async function () {
    this.timeout(120_000)
    const missing = (await hasCommand('openssl')) ? undefined : 'certificates need openssl'
    requireOrSkip(this, (await missingForKafka()) ?? missing)
    mkdirSync(cacheDir, { recursive: true })
    dir = mkdtempSync(join(cacheDir, 'security-'))
    certificates = await makeCertificates(dir)
    kafka = await startSecureKafka(certificates, PASSWORD)
    await kafka.setScramPassword('scram', PASSWORD)
  })

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((client) => client.close()))
  })

  after(async () => {
    await kafka?.stop()
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
  })

  function secretFile(content: string): string {
    const file = join(dir, randomUUID())
    writeFileSync(file, `${content}\n`)
    return file
  }

  const password = (mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512', secret = PASSWORD) =>
    ({
      mechanism,
      username: mechanism === 'PLAIN' ? 'plain' : 'scram',
      passwordFile: secretFile(secret),
    }) as const

  function connect(bootstrapServers: readonly string[], security: KafkaSecurity): KafkaBroker {
    const broker = new KafkaBroker({ bootstrapServers, clientId: 'security', security })
    opened.push(broker)
    return broker
  }

  const overTls = (sasl: KafkaSasl): KafkaSecurity => ({
    tls: { caFile: certificates.caFile },
    sasl,
  })

  async function roundTrip(broker: KafkaBroker): Promise<void> {
    const topic = `t-${randomUUID()}`
    await broker.admin.createTopics([{ name: topic, partitions: 1 }])
    const [out, reader] = [broker.producer(), broker.fetcher({ maxBytes: 1000 })]
    opened.push(out, reader)
    out.send({ topic, partition: 0 }, batchOf(['a']))
    await out.flush()
    reader.assign({ topic, partition: 0, offset: 0 })
    expect((await read(reader, 1)).map(({ value }) => value)).to.deep.equal(['a'])
  }

  async function refusal(
    servers: readonly string[],
    security: KafkaSecurity,
  ): Promise<BrokerError> {
    const failure = await connect(servers, security)
      .admin.describeTopics(['any'])
      .then(
        () => new Error('was let in'),
        (error: unknown) => error as BrokerError,
      )
    expect(failure).to.be.instanceOf(BrokerError)
    return failure as BrokerError
  }

  describe('lets in', () => {
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
      it(`a user by ${mechanism} over TLS`, () =>
        roundTrip(connect(kafka.saslServers, overTls(password(mechanism)))))
    }

    it('a user whose name is in a file', () => {
      const { mechanism, username, passwordFile } = password('PLAIN')
      const sasl = { mechanism, usernameFile: secretFile(username), passwordFile }
      return roundTrip(connect(kafka.saslServers, overTls(sasl)))
    })

    it('a token by OAUTHBEARER over TLS', () => {
      const sasl = { mechanism: 'OAUTHBEARER', tokenFile: secretFile(unsignedToken('me')) } as const
      return roundTrip(connect(kafka.saslServers, overTls(sasl)))
    })

    it('a client certificate', () => {
      const tls = { caFile: certificates.caFile, ...certificates.client }
      return roundTrip(connect(kafka.tlsServers, { tls }))
    })

    it('brokers whose certificate carries another name, when told', () => {
      const tls = { caFile: certificates.caFile, serverName: 'kafka.test', ...certificates.client }
      return roundTrip(connect(kafka.tlsServers, { tls }))
    })
  })

  describe('says what to do about', () => {
    const refusals: readonly (readonly [
      what: string,
      servers: 'saslServers' | 'tlsServers' | 'bootstrapServers',
      security: () => KafkaSecurity,
      expected: RegExp,
    ])[] = [
      [
        'a wrong password by PLAIN',
        'saslServers',
        () => overTls(password('PLAIN', 'wrong-canary-7d1f')),
        /SASL PLAIN: the broker refused the login of user "plain": check that the user exists and that .* holds its password/,
      ],
      [
        'a wrong password by SCRAM',
        'saslServers',
        () => overTls(password('SCRAM-SHA-512', 'wrong-canary-7d1f')),
        /SASL SCRAM-SHA-512: the broker refused the login of user "scram"/,
      ],
      [
        'a token that is none',
        'saslServers',
        () => overTls({ mechanism: 'OAUTHBEARER', tokenFile: secretFile('canary-7d1f') }),
        /the broker refused the token in .*: it may have expired/,
      ],
      [
        'a password file that is not there',
        'saslServers',
        () => overTls({ mechanism: 'PLAIN', username: 'plain', passwordFile: '/nowhere/password' }),
        /kafka\.sasl\.passwordFile: cannot read \/nowhere\/password \(ENOENT\)/,
      ],
      [
        'a user of a file whom the brokers do not know',
        'saslServers',
        () => {
          const { mechanism, passwordFile } = password('PLAIN')
          return overTls({ mechanism, usernameFile: secretFile('canary-7d1f'), passwordFile })
        },
        /the broker refused the login of the user in \S+: check/,
      ],
      [
        'a CA that did not sign the brokers',
        'saslServers',
        () => ({ tls: { caFile: certificates.otherCaFile }, sasl: password('PLAIN') }),
        /the broker's certificate is not signed by the CA in .*other\.pem/,
      ],
      [
        'no CA at all',
        'saslServers',
        () => ({ tls: {}, sasl: password('PLAIN') }),
        /is not signed by a CA that Node trusts: set kafka\.tls\.caFile/,
      ],
      [
        'a certificate for another name',
        'tlsServers',
        () => ({
          tls: {
            caFile: certificates.caFile,
            serverName: 'elsewhere.test',
            ...certificates.client,
          } satisfies KafkaTls,
        }),
        /elsewhere\.test.*set kafka\.tls\.serverName/,
      ],
      [
        'a missing client certificate',
        'tlsServers',
        () => ({ tls: { caFile: certificates.caFile } }),
        /the broker wants a client certificate: set kafka\.tls\.certFile and kafka\.tls\.keyFile/,
      ],
      ['plaintext to a port that speaks TLS', 'saslServers', () => ({}), /set kafka\.tls/],
      [
        'TLS to a port that does not speak it',
        'bootstrapServers',
        () => ({ tls: { caFile: certificates.caFile } }),
        /does not speak TLS/,
      ],
      [
        'a login at a port that takes none',
        'tlsServers',
        () => ({
          tls: { caFile: certificates.caFile, ...certificates.client },
          sasl: password('PLAIN'),
        }),
        /takes no SASL login: remove kafka\.sasl/,
      ],
    ]
    for (const [what, servers, security, expected] of refusals) {
      it(what, async () => {
        const failure = await refusal(kafka[servers], security())
        expect(failure.message).to.match(expected)
        expect(`${failure.stack} ${JSON.stringify(failure.cause)}`).not.to.contain('canary')
      })
    }
  })

  it('takes up a password that is set right while it waits', async () => {
    const sasl = password('SCRAM-SHA-256', 'old')
    const topic = `t-${randomUUID()}`
    const good = connect(kafka.saslServers, overTls(password('SCRAM-SHA-256')))
    await good.admin.createTopics([{ name: topic, partitions: 1 }])
    const out = connect(kafka.saslServers, overTls(sasl)).producer()
    opened.push(out)
    out.send({ topic, partition: 0 }, batchOf(['a']))
    const early = await Promise.race([out.flush().then(() => 'done'), wait(1500)])
    expect(early).to.equal('waiting')
    writeFileSync(sasl.passwordFile, PASSWORD)
    await out.flush()
  })

  it('loses nothing while connections prove themselves again', async () => {
    const broker = connect(kafka.saslServers, overTls(password('PLAIN')))
    const topic = `t-${randomUUID()}`
    await broker.admin.createTopics([{ name: topic, partitions: 1 }])
    const [out, reader] = [broker.producer(), broker.fetcher({ maxBytes: 1 << 20 })]
    opened.push(out, reader)
    reader.assign({ topic, partition: 0, offset: 0 })
    const end = performance.now() + 2.5 * REAUTHENTICATION_MS
    let sent = 0
    while (performance.now() < end) {
      out.send({ topic, partition: 0 }, batchOf([`${sent++}`]))
      await out.flush()
      await wait(5)
    }
    const seen = await read(reader, sent)
    expect(seen.map(({ value }) => value)).to.deep.equal(
      Array.from({ length: sent }, (_, index) => `${index}`),
    )
  })
})

const wait = (ms: number): Promise<string> =>
  new Promise((resolve) => setTimeout(() => resolve('waiting'), ms))
