/** What can go wrong when two sides meet by TLS, in groups with one remedy. */
export type TlsFault =
  /** No CA that we trust signed the broker's certificate. */
  | 'untrusted'
  /** The broker's certificate is for another name. */
  | 'otherName'
  /** The broker's certificate is no longer, or not yet, valid. */
  | 'outOfDate'
  /** The broker wants a client certificate, or refuses ours. */
  | 'clientCertificate'
  /** The other side does not speak TLS. */
  | 'notTls'
  /** A certificate or key of ours cannot be read. */
  | 'notPem'

/** Node's and OpenSSL's names; the first that matches counts. */
const CODES: readonly (readonly [RegExp, TlsFault])[] = [
  [/SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_UNTRUSTED/, 'untrusted'],
  [/ALTNAME_INVALID/, 'otherName'],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, 'outOfDate'],
  [/ALERT|CERTIFICATE_REQUIRED|CERTIFICATE_UNKNOWN|HANDSHAKE_FAILURE/, 'clientCertificate'],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH|EPROTO/, 'notTls'],
  [/^ERR_OSSL|KEY_VALUES_MISMATCH/, 'notPem'],
]

export type Failure = Error & { readonly code?: string }

/** The first failure in the chain that is about TLS. */
export function tlsFaultIn<T extends Failure>(
  chain: readonly T[],
): { readonly failure: T; readonly fault: TlsFault } | undefined {
  for (const failure of chain) {
    const fault = tlsFaultOf(failure)
    if (fault !== undefined) return { failure, fault }
  }
  return undefined
}

function tlsFaultOf({ code = '', message }: Failure): TlsFault | undefined {
  if (message.includes('before secure TLS connection')) return 'notTls'
  return CODES.find(([pattern]) => pattern.test(code))?.[1]
}
