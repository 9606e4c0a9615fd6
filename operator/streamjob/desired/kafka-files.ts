import { credentialKeys, type CredentialUse, type KafkaSpec } from '../../../crds/index.ts'
import type { RuntimeConfigInput } from '../../../runtime/config.ts'

/** What a pod is told of Kafka names files, which are mounted from Secrets: no secret is in a ConfigMap or a pod's spec. */

const DIR = '/etc/millrace/kafka'
const VOLUME = 'kafka'
/** The group of the volume is the pod's, by its fsGroup. */
const READ_BY_GROUP = 0o440

const FILES: Readonly<Record<CredentialUse, string>> = {
  ca: 'ca.crt',
  certificate: 'tls.crt',
  privateKey: 'tls.key',
  username: 'username',
  password: 'password',
  token: 'token',
}

/** One folder of files from all Secrets, with no other keys of theirs. The kubelet renews them when a Secret changes. */
export function kafkaVolumes(kafka: KafkaSpec) {
  const keys = credentialKeys(kafka)
  if (keys.length === 0) return []
  const sources = [...new Set(keys.map(({ secret }) => secret))].map((name) => ({
    secret: {
      name,
      items: keys
        .filter(({ secret }) => secret === name)
        .map(({ use, key }) => ({ key, path: FILES[use] })),
    },
  }))
  return [{ name: VOLUME, projected: { defaultMode: READ_BY_GROUP, sources } }]
}

export const kafkaVolumeMounts = (kafka: KafkaSpec) =>
  kafkaVolumes(kafka).map(({ name }) => ({ name, mountPath: DIR, readOnly: true }))

export const kafkaConfig = (kafka: KafkaSpec): RuntimeConfigInput['kafka'] => ({
  bootstrapServers: kafka.bootstrapServers,
  ...(kafka.tls === undefined ? {} : { tls: tlsConfig(kafka.tls) }),
  ...(kafka.sasl === undefined ? {} : { sasl: saslConfig(kafka.sasl) }),
})

const fileOf = (use: CredentialUse): string => `${DIR}/${FILES[use]}`

const tlsConfig = ({
  caSecretRef,
  clientCertSecretRef,
  serverName,
}: NonNullable<KafkaSpec['tls']>) => ({
  ...(caSecretRef === undefined ? {} : { caFile: fileOf('ca') }),
  ...(clientCertSecretRef === undefined
    ? {}
    : { certFile: fileOf('certificate'), keyFile: fileOf('privateKey') }),
  ...(serverName === undefined ? {} : { serverName }),
})

const MECHANISMS = {
  Plain: 'PLAIN',
  ScramSha256: 'SCRAM-SHA-256',
  ScramSha512: 'SCRAM-SHA-512',
} as const

function saslConfig({ mechanism, username }: NonNullable<KafkaSpec['sasl']>) {
  if (mechanism === 'OAuthBearer')
    return { mechanism: 'OAUTHBEARER', tokenFile: fileOf('token') } as const
  return {
    mechanism: MECHANISMS[mechanism],
    ...(username === undefined ? { usernameFile: fileOf('username') } : { username }),
    passwordFile: fileOf('password'),
  }
}
