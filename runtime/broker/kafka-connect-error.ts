import { causes } from '../platform/causes.ts'
import { BrokerError } from './errors.ts'
import type { KafkaSasl, KafkaSecurity, KafkaTls } from './kafka-security.ts'
import { type TlsFault, tlsFaultIn } from './tls-fault.ts'

/** Why a connection could not be opened, in words a person can act on. Never holds a secret. */
export function connectError(
  error: unknown,
  address: string,
  security: KafkaSecurity,
): BrokerError {
  if (error instanceof BrokerError && error.code !== 'UNREACHABLE') return error
  const chain: readonly Failure[] = causes(error)
  const told =
    saslRefusal(chain, security.sasl) ?? tlsRefusal(chain, security.tls) ?? unreachable(chain)
  return new BrokerError(told.code, `${address}: ${told.message}`, { cause: error })
}

interface Told {
  readonly code: string
  readonly message: string
}

type Failure = Error & {
  readonly code?: string
  readonly apiId?: string
  readonly response?: { readonly mechanisms?: readonly string[] }
}

function saslRefusal(chain: readonly Failure[], sasl: KafkaSasl | undefined): Told | undefined {
  if (sasl === undefined) return undefined
  const code = 'SASL_AUTHENTICATION_FAILED'
  const { mechanism } = sasl
  if (chain.some(({ apiId }) => apiId === 'ILLEGAL_SASL_STATE'))
    return {
      code,
      message: 'this listener takes no SASL login: remove kafka.sasl, or use another port',
    }
  if (chain.some(({ apiId }) => apiId === 'UNSUPPORTED_SASL_MECHANISM')) {
    const offered = chain.find(({ response }) => response?.mechanisms !== undefined)?.response
    return {
      code,
      message: `the broker does not offer SASL ${mechanism}, only ${offered?.mechanisms?.join(', ') ?? 'others'}: change kafka.sasl.mechanism`,
    }
  }
  if (!chain.some((one) => one.apiId === code || one.code === 'PLT_KFK_AUTHENTICATION'))
    return undefined
  const message =
    sasl.mechanism === 'OAUTHBEARER'
      ? `SASL OAUTHBEARER: the broker refused the token in ${sasl.tokenFile}: it may have expired or be meant for somebody else`
      : `SASL ${mechanism}: the broker refused the login of ${userOf(sasl)}: check that the user exists and that ${sasl.passwordFile} holds its password`
  return { code, message }
}

const userOf = ({ username, usernameFile }: Exclude<KafkaSasl, { mechanism: 'OAUTHBEARER' }>) =>
  username === undefined ? `the user in ${usernameFile}` : `user "${username}"`

function tlsRefusal(chain: readonly Failure[], tls: KafkaTls | undefined): Told | undefined {
  const code = 'TLS_REFUSED'
  const says = (part: string) => chain.some(({ message }) => message.includes(part))
  if (tls === undefined) {
    const message = 'this listener speaks TLS: set kafka.tls, or use a plaintext port'
    return says('Broker requires TLS') ? { code, message } : undefined
  }
  const found = tlsFaultIn(chain)
  if (found === undefined) return undefined
  const { failure, fault } = found
  if (fault === 'notTls') return { code, message: NO_TLS }
  return { code, message: `${failure.message}: ${TLS_ADVICE[fault](tls)}` }
}

const NO_TLS = 'this listener does not speak TLS: remove kafka.tls, or use another port'

const TLS_ADVICE: Readonly<Record<Exclude<TlsFault, 'notTls'>, (tls: KafkaTls) => string>> = {
  untrusted: ({ caFile }) =>
    `the broker's certificate is not signed by ${caFile === undefined ? 'a CA that Node trusts: set kafka.tls.caFile' : `the CA in ${caFile}`}`,
  otherName: () =>
    'set kafka.tls.serverName to a name in the certificate, or reach the brokers by such a name',
  outOfDate: () => "renew the broker's certificate",
  clientCertificate: ({ certFile }) =>
    certFile === undefined
      ? 'the broker wants a client certificate: set kafka.tls.certFile and kafka.tls.keyFile'
      : `the broker refused the client certificate in ${certFile}`,
  notPem: () => 'kafka.tls names a file that is not PEM, or a key of another certificate',
}

/** The innermost message is the socket's: the one that says ECONNREFUSED. */
const unreachable = (chain: readonly Failure[]): Told => ({
  code: 'UNREACHABLE',
  message: chain.at(-1)?.message ?? 'unknown failure',
})
