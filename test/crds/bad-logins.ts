import type { BadManifest } from './bad-manifests.ts'
import { goodJob, goodTopic, kafka } from './good-manifests.ts'

const login = (sasl: object) => ({
  ...goodTopic,
  kafka: { ...kafka, sasl: { mechanism: 'Plain', ...sasl } },
})

/** Ways to log in to Kafka that must be refused. */
export const badLogins: readonly BadManifest[] = [
  {
    sentence: 'a SASL mechanism that Kafka does not have',
    kind: 'StreamJob',
    spec: {
      ...goodJob,
      kafka: { ...kafka, sasl: { mechanism: 'PLAIN', secretRef: { name: 's' } } },
    },
    says: /mechanism.*"Plain", "ScramSha256", "ScramSha512", "OAuthBearer"/,
  },
  {
    sentence: 'a login without a Secret',
    kind: 'StreamJob',
    spec: { ...goodJob, kafka: { ...kafka, sasl: { mechanism: 'Plain', username: 'u' } } },
    says: /secretRef/,
  },
  {
    sentence: 'a user name from two places',
    kind: 'Topic',
    spec: login({ username: 'u', secretRef: { name: 's', usernameKey: 'user' } }),
    says: /user name comes from one place/,
  },
  {
    sentence: 'a token with a user name',
    kind: 'Topic',
    spec: login({ mechanism: 'OAuthBearer', username: 'u', secretRef: { name: 's' } }),
    says: /OAuthBearer takes a token and nothing else/,
  },
  {
    sentence: 'a token where a password belongs',
    kind: 'Topic',
    spec: login({ secretRef: { name: 's', tokenKey: 'token' } }),
    says: /the others a user name and a password/,
  },
  {
    sentence: 'a Secret of another namespace',
    kind: 'Topic',
    spec: login({ secretRef: { name: '../../kube-system/secrets/s' } }),
    says: /sasl\.secretRef\.name/,
  },
]
