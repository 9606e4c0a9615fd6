import { z } from 'zod'
import { withRules } from './rule.ts'

/** How a cluster is reached and who we are there; the same in both kinds. */

const secretName = () =>
  z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/)
    .describe('Name of a Secret in the namespace of this object.')

const secretKey = () => z.string().min(1).max(253)

const caSecretRef = z
  .strictObject({
    name: secretName(),
    key: secretKey().default('ca.crt').describe('Key of the CA certificates, PEM.'),
  })
  .describe("Who signs the brokers' certificates. Default: the CAs that Node trusts.")

const clientCertSecretRef = z
  .strictObject({
    name: secretName(),
    certKey: secretKey().default('tls.crt').describe('Key of the certificate, PEM.'),
    privateKeyKey: secretKey()
      .default('tls.key')
      .describe('Key of the private key, PEM without passphrase.'),
  })
  .describe('Certificate for brokers that want one; keys by default as in `kubernetes.io/tls`.')

const tls = z
  .strictObject({
    caSecretRef: caSecretRef.optional(),
    clientCertSecretRef: clientCertSecretRef.optional(),
    serverName: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe("Name in the brokers' certificates, where it is not the one they are reached by."),
  })
  .describe('Connect by TLS. `{}` is enough where a public CA has signed.')

const sasl = withRules(
  z.strictObject({
    mechanism: z
      .enum(['Plain', 'ScramSha256', 'ScramSha512', 'OAuthBearer'])
      .describe('How to log in; the listener must offer it.'),
    username: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe('User name, where the Secret does not hold it.'),
    secretRef: z
      .strictObject({
        name: secretName(),
        usernameKey: secretKey().optional().describe('Key of the user name. Default: `username`.'),
        passwordKey: secretKey().optional().describe('Key of the password. Default: `password`.'),
        tokenKey: secretKey()
          .optional()
          .describe('Key of the token of `OAuthBearer`. Default: `token`.'),
      })
      .describe('What to log in with; keys by default as in `kubernetes.io/basic-auth`.'),
  }),
  [
    {
      cel: '!has(self.username) || !has(self.secretRef.usernameKey)',
      message: 'the user name comes from one place: write username or secretRef.usernameKey',
      holds: ({ username, secretRef }) =>
        username === undefined || secretRef.usernameKey === undefined,
    },
    {
      cel: "self.mechanism == 'OAuthBearer' ? !has(self.username) && !has(self.secretRef.usernameKey) && !has(self.secretRef.passwordKey) : !has(self.secretRef.tokenKey)",
      message:
        'OAuthBearer takes a token and nothing else, the others a user name and a password: write the keys of the mechanism',
      holds: ({ mechanism, username, secretRef: { usernameKey, passwordKey, tokenKey } }) =>
        (mechanism === 'OAuthBearer' ? (username ?? usernameKey ?? passwordKey) : tokenKey) ===
        undefined,
    },
  ],
).describe('Log in by SASL. Without `tls` the password of `Plain` can be read on the way.')

export const kafka = () =>
  z
    .strictObject({
      bootstrapServers: z
        .array(
          z
            .string()
            .max(260)
            .regex(/^(\[[0-9a-fA-F:]+\]|[a-zA-Z0-9.-]+):[0-9]{1,5}$/),
        )
        .min(1)
        .max(16)
        .meta({ 'x-kubernetes-list-type': 'atomic' })
        .describe('Addresses to find the cluster by, as `host:port`. Example: `[kafka:9092]`.'),
      tls: tls.optional(),
      sasl: sasl.optional(),
    })
    .describe('The Kafka cluster.')

export type KafkaSpec = z.output<ReturnType<typeof kafka>>

/** What a key of a Secret is for. */
export type CredentialUse = 'ca' | 'certificate' | 'privateKey' | 'username' | 'password' | 'token'

export interface CredentialKey {
  readonly use: CredentialUse
  /** Name of the Secret. */
  readonly secret: string
  readonly key: string
}

/** Every key of a Secret that a connection to this cluster needs. */
export const credentialKeys = ({ tls, sasl }: KafkaSpec): readonly CredentialKey[] => [
  ...tlsKeys(tls ?? {}),
  ...(sasl === undefined ? [] : saslKeys(sasl)),
]

const tlsKeys = ({
  caSecretRef: ca,
  clientCertSecretRef: client,
}: NonNullable<KafkaSpec['tls']>): readonly CredentialKey[] => [
  ...(ca === undefined ? [] : [{ use: 'ca', secret: ca.name, key: ca.key } as const]),
  ...(client === undefined
    ? []
    : [
        { use: 'certificate', secret: client.name, key: client.certKey } as const,
        { use: 'privateKey', secret: client.name, key: client.privateKeyKey } as const,
      ]),
]

function saslKeys({
  mechanism,
  username,
  secretRef,
}: NonNullable<KafkaSpec['sasl']>): readonly CredentialKey[] {
  const { name: secret, usernameKey = 'username', passwordKey, tokenKey } = secretRef
  if (mechanism === 'OAuthBearer') return [{ use: 'token', secret, key: tokenKey ?? 'token' }]
  return [
    ...(username === undefined ? [{ use: 'username', secret, key: usernameKey } as const] : []),
    { use: 'password', secret, key: passwordKey ?? 'password' },
  ]
}
