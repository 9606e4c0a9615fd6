import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { credentialKeys, type CredentialUse } from '../../crds/index.ts'
import { type TlsFault, tlsFaultIn } from '../../runtime/broker/tls-fault.ts'
import { causes } from '../../runtime/platform/causes.ts'
import type { KafkaAccess } from './access.ts'

/** An error of kafkajs, or one that it wraps. */
type Failure = Error & { readonly code?: string; readonly type?: string }

/** What two sides that did not accept each other hold against each other, and what to do; undefined when it is not that. */
export function authenticationFault(error: unknown, access: KafkaAccess): string | undefined {
  const chain: readonly Failure[] = causes(error)
  return saslFault(chain, access) ?? tlsFault(chain, access)
}

function saslFault(chain: readonly Failure[], access: KafkaAccess): string | undefined {
  const { sasl } = access.kafka
  if (sasl === undefined) return undefined
  const { mechanism } = sasl
  const isType = (type: string) => chain.some((failure) => failure.type === type)
  if (isType('ILLEGAL_SASL_STATE'))
    return 'the listener takes no SASL login: remove spec.kafka.sasl, or use another port'
  if (isType('UNSUPPORTED_SASL_MECHANISM'))
    return `the listener does not offer SASL ${mechanism}: change spec.kafka.sasl.mechanism`
  const refused = chain.some(({ name }) => name === 'KafkaJSSASLAuthenticationError')
  if (!refused && !isType('SASL_AUTHENTICATION_FAILED')) return undefined
  if (mechanism === 'OAuthBearer')
    return `the brokers refuse the token in ${place('token', access)}: it may have expired or be meant for somebody else`
  const user =
    sasl.username === undefined ? `in ${place('username', access)}` : `"${sasl.username}"`
  return `the brokers refuse the login of the user ${user} by SASL ${mechanism}: check that the user exists there, and that ${place('password', access)} holds its password`
}

/** What is left when it is nobody's refusal. A listener that wants more than it gets says so only by closing. */
export function unreachableBecause(error: Error, { kafka: { tls, sasl } }: KafkaAccess): string {
  const closed = causes(error).some(({ name }) => name === 'KafkaJSConnectionClosedError')
  if (!closed || (tls !== undefined && sasl !== undefined)) return wordsOf(error)
  const unset = tls === undefined ? 'spec.kafka.tls' : 'spec.kafka.sasl'
  return `${wordsOf(error)}: if this listener wants TLS or a login, set ${unset}`
}

/** Without what kafkajs puts before the words of a socket. */
const wordsOf = ({ message }: Error): string => message.replace(/^Connection error: /, '')

function tlsFault(chain: readonly Failure[], access: KafkaAccess): string | undefined {
  if (access.kafka.tls === undefined) return undefined
  const found = tlsFaultIn(chain)
  return found && TLS_ADVICE[found.fault](access, wordsOf(found.failure))
}

const TLS_ADVICE: Readonly<Record<TlsFault, (access: KafkaAccess, said: string) => string>> = {
  untrusted: (access) =>
    access.secrets.ca === undefined
      ? "the brokers' certificate is not signed by a CA that Node trusts: set spec.kafka.tls.caSecretRef"
      : `the brokers' certificate is not signed by the CA in ${place('ca', access)}`,
  otherName: (_, said) =>
    `${said}: set spec.kafka.tls.serverName to a name in the certificate, or reach the brokers by such a name`,
  outOfDate: (_, said) => `${said}: renew the brokers' certificate`,
  clientCertificate: (access) =>
    access.secrets.certificate === undefined
      ? 'the listener wants a client certificate: set spec.kafka.tls.clientCertSecretRef'
      : `the brokers refuse the client certificate in ${place('certificate', access)}, which is valid until ${validTo(access.secrets.certificate)}: check that a CA they trust has signed it`,
  notTls: () => 'the listener does not speak TLS: remove spec.kafka.tls, or use another port',
  notPem: (_, said) => `${said}: a certificate or key of spec.kafka.tls cannot be used`,
}

/** Where a person finds it. */
function place(use: CredentialUse, { kafka }: KafkaAccess): string {
  const found = credentialKeys(kafka).find((key) => key.use === use)
  return `key "${found?.key}" of Secret "${found?.secret}"`
}

const validTo = (certificate: string): string => new X509Certificate(certificate).validTo

/** What is wrong with certificates and keys by themselves, before any connection; undefined when nothing is. */
export function certificateFault(access: KafkaAccess): string | undefined {
  const { ca, certificate, privateKey } = access.secrets
  // Node passes over what is no certificate in a list of CAs.
  if (ca !== undefined && !isUsable(() => new X509Certificate(ca)))
    return `${place('ca', access)} is no CA certificate in PEM`
  if (certificate === undefined) return undefined
  if (!isUsable(() => new X509Certificate(certificate)))
    return `${place('certificate', access)} is no certificate in PEM`
  return isUsable(() => createSecureContext({ cert: certificate, key: privateKey }))
    ? undefined
    : `${place('privateKey', access)} is no private key in PEM without a passphrase, or not that of the certificate`
}

function isUsable(attempt: () => unknown): boolean {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}
