import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { ConnectionOptions } from '@platformatic/kafka'
import { BrokerError } from './errors.ts'

/** Who the client is and whom it trusts. Secrets are named by file, and the files are read anew for each connection. */
export interface KafkaSecurity {
  readonly tls?: KafkaTls
  readonly sasl?: KafkaSasl
}

export interface KafkaTls {
  /** PEM. Unset: the CAs that Node trusts. */
  readonly caFile?: string
  /** PEM; for listeners that want a client certificate. */
  readonly certFile?: string
  readonly keyFile?: string
  /** The name that the brokers' certificates carry when it is not the name they are reached by. */
  readonly serverName?: string
}

export interface KafkaSasl {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'
  /** For all but OAUTHBEARER. */
  readonly username?: string
  readonly passwordFile?: string
  /** For OAUTHBEARER. */
  readonly tokenFile?: string
}

/** The client library's options for one connection. Throws `INVALID_CONFIG` when a file cannot be read. */
export async function connectionSecurity(
  { tls, sasl }: KafkaSecurity,
  host: string,
): Promise<Pick<ConnectionOptions, 'tls' | 'sasl'>> {
  return {
    ...(tls === undefined ? {} : { tls: await tlsOptions(tls, host) }),
    ...(sasl === undefined ? {} : { sasl: await saslOptions(sasl) }),
  }
}

async function tlsOptions({ caFile, certFile, keyFile, serverName }: KafkaTls, host: string) {
  const [ca, cert, key] = await Promise.all([
    secret('tls.caFile', caFile),
    secret('tls.certFile', certFile),
    secret('tls.keyFile', keyFile),
  ])
  const servername = serverName ?? (isIP(host) === 0 ? host : undefined)
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
  }
}

/** Credentials are read before connecting, so that an unreadable file is told apart from a refused password. */
async function saslOptions({ mechanism, username, passwordFile, tokenFile }: KafkaSasl) {
  const [password, token] = await Promise.all([
    secret('sasl.passwordFile', passwordFile),
    secret('sasl.tokenFile', tokenFile),
  ])
  return {
    mechanism,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: again('sasl.passwordFile', passwordFile) }),
    ...(token === undefined ? {} : { token: again('sasl.tokenFile', tokenFile) }),
  }
}

/** A long-lived connection proves itself again now and then, with what the file says by then. */
const again = (field: string, file: string | undefined) => async () =>
  (await secret(field, file)) ?? ''

async function secret(field: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    // Editors and `echo` end a file with a newline that is no part of the secret.
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new BrokerError('INVALID_CONFIG', `kafka.${field}: cannot read ${file} (${code})`, {
      cause: error,
    })
  }
}
