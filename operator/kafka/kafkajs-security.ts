import type { KafkaConfig, Mechanism, SASLOptions } from 'kafkajs'
import type { KafkaAccess } from './access.ts'

/** How kafkajs is to connect and log in. */
export const securityOptions = (access: KafkaAccess): Pick<KafkaConfig, 'ssl' | 'sasl'> => ({
  ...(access.kafka.tls === undefined ? {} : { ssl: tlsOptions(access.kafka.tls, access) }),
  ...(access.kafka.sasl === undefined ? {} : { sasl: saslOptions(access.kafka.sasl, access) }),
})

/** What is not given is left out: kafkajs would take an undefined name of a server for a name. */
const tlsOptions = (
  { serverName }: NonNullable<KafkaAccess['kafka']['tls']>,
  { secrets: { ca, certificate, privateKey } }: KafkaAccess,
) => ({
  ...(ca === undefined ? {} : { ca }),
  ...(certificate === undefined ? {} : { cert: certificate, key: privateKey }),
  ...(serverName === undefined ? {} : { servername: serverName }),
})

const MECHANISMS = {
  Plain: 'plain',
  ScramSha256: 'scram-sha-256',
  ScramSha512: 'scram-sha-512',
} as const

function saslOptions(
  sasl: NonNullable<KafkaAccess['kafka']['sasl']>,
  { secrets }: KafkaAccess,
): SASLOptions | Mechanism {
  const { token = '', username = sasl.username ?? '', password = '' } = secrets
  if (sasl.mechanism === 'OAuthBearer') return bearer(token)
  return { mechanism: MECHANISMS[sasl.mechanism], username, password } as SASLOptions
}

/**
 * A broker that refuses a token answers without an error code and says why in bytes, which kafkajs' own provider does not
 * look at. Asked to go on, it fails the login in order (RFC 7628, 3.2.3).
 */
const bearer = (token: string): Mechanism => ({
  mechanism: 'oauthbearer',
  authenticationProvider: ({ saslAuthenticate }) => ({
    async authenticate() {
      const send = (text: string) =>
        saslAuthenticate<Buffer>({
          request: { encode: () => sized(text) },
          response: { decode: (bytes) => bytes, parse: (bytes) => bytes },
        })
      const answer = await send(`n,,\u0001auth=Bearer ${token}\u0001\u0001`)
      if (answer instanceof Buffer && answer.readInt32BE() > 0) await send('\u0001')
    },
  }),
})

/** As bytes begin in Kafka's protocol: with their number, which is -1 for none at all. */
function sized(text: string): Buffer {
  const bytes = Buffer.from(text)
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}
