import { expect } from 'chai'
import { type Topic, topicSchema } from '../../../crds/index.ts'
import { Invalid } from '../../../operator/errors.ts'
import { type KafkaAccess, readAccess } from '../../../operator/kafka/access.ts'
import { MemoryKube } from '../../../operator/local/memory-kube.ts'
import { systemClock } from '../../../runtime/platform/clock.ts'
import { kafka } from '../streamjob/observed.ts'
import { writeSecret } from './secrets.ts'

const topicWith = (security: object): Topic =>
  topicSchema.parse({
    apiVersion: 'millrace.dev/v1alpha1',
    kind: 'Topic',
    metadata: { name: 'payments', namespace: 'n' },
    spec: { kafka: { ...kafka, ...security } },
  })

async function kubeWith(secrets: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const kube = new MemoryKube(systemClock)
  for (const [name, values] of Object.entries(secrets)) await writeSecret(kube, name, values)
  return kube
}

const scram = (secretRef: object, more: object = {}) => ({
  sasl: { mechanism: 'ScramSha512', secretRef: { name: 'user', ...secretRef }, ...more },
})

describe('operator/kafka/access.ts', () => {
  const reads: readonly (readonly [
    sentence: string,
    security: object,
    secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
    expected: KafkaAccess['secrets'],
  ])[] = [
    ['no Secret where none is named', { tls: {} }, {}, {}],
    [
      'the keys of kubernetes.io/basic-auth',
      scram({}),
      { user: { username: 'u', password: 'p' } },
      { username: 'u', password: 'p' },
    ],
    [
      'the password alone of a user whose name is in the spec',
      scram({}, { username: 'u' }),
      { user: { password: 'p', 'sasl.jaas.config': 'x' } },
      { password: 'p' },
    ],
    [
      'other keys when told',
      scram({ usernameKey: 'a', passwordKey: 'b' }),
      { user: { a: 'u', b: 'p' } },
      { username: 'u', password: 'p' },
    ],
    [
      'a password without the newline that ends its file',
      scram({}, { username: 'u' }),
      { user: { password: ' p \n' } },
      { password: ' p ' },
    ],
    [
      'the keys of kubernetes.io/tls, and a CA',
      {
        tls: { caSecretRef: { name: 'ca' }, clientCertSecretRef: { name: 'client' } },
      },
      { ca: { 'ca.crt': 'a' }, client: { 'tls.crt': 'c', 'tls.key': 'k' } },
      { ca: 'a', certificate: 'c', privateKey: 'k' },
    ],
    [
      'a token',
      { sasl: { mechanism: 'OAuthBearer', secretRef: { name: 'user' } } },
      { user: { token: 't' } },
      { token: 't' },
    ],
  ]
  for (const [sentence, security, secrets, expected] of reads) {
    it(`reads ${sentence}`, async () => {
      const access = await readAccess(topicWith(security), await kubeWith(secrets))
      expect(access.secrets).to.deep.equal(expected)
    })
  }

  const refusals: readonly (readonly [
    sentence: string,
    secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
    says: RegExp,
  ])[] = [
    [
      'a Secret that does not exist',
      {},
      /^Secret "user" of spec\.kafka does not exist in namespace n: create it$/,
    ],
    [
      'a key that does not exist',
      { user: { username: 'u', pass: 'p' } },
      /^Secret "user" in namespace n has nothing under the key "password": add it, or name another key in spec\.kafka; it has username, pass$/,
    ],
    [
      'a key without a value',
      { user: { username: 'u', password: '' } },
      /nothing under the key "password"/,
    ],
  ]
  for (const [sentence, secrets, says] of refusals) {
    it(`says what to do about ${sentence}`, async () => {
      const failure = await failureOf(readAccess(topicWith(scram({})), await kubeWith(secrets)))
      expect(failure).to.include({ name: 'KafkaUnavailable', reason: 'SecretNotFound' })
      expect(failure.message).to.match(says)
    })
  }

  it('says so when it may not read Secrets', async () => {
    const get = () => Promise.reject(new Invalid('secrets "user" is forbidden'))
    const failure = await failureOf(readAccess(topicWith(scram({})), { get }))
    expect(failure).to.include({ reason: 'SecretNotFound' })
    expect(failure.message).to.match(/grant it get on Secrets: secrets "user" is forbidden/)
  })
})

const failureOf = (reading: Promise<KafkaAccess>): Promise<Error> =>
  reading.then(
    () => new Error('was read'),
    (error: unknown) => error as Error,
  )
