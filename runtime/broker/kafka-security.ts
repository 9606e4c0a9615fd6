import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { BrokerError } from './errors.ts'

/** Who the client is and whom it trusts. Secrets are named by file, and the files are read anew for each connection. */
export interface KafkaSecurity {
  readonly tls?: KafkaTls | undefined
  readonly sasl?: KafkaSasl | undefined
}

export interface KafkaTls {
  /** PEM. Unset: the CAs that Node trusts. */
  readonly caFile?: string | undefined
  /** PEM; for listeners that want a client certificate. */
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  /** The name that the brokers' certificates carry when it is not the name they are reached by. */
  readonly serverName?: string | undefined
}

export type KafkaSasl =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      /** Exactly one of `username` and `usernameFile` is given. */
      readonly username?: string | undefined
      readonly usernameFile?: string | undefined
      readonly passwordFile: string
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly tokenFile: string }

/** What proves who the client is, read anew each time that it is asked for. */
export type SaslLogin =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: () => Promise<string>
      readonly password: () => Promise<string>
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: () => Promise<string> }

export interface ConnectionSecurity {
  readonly tls?: ConnectionOptions
  readonly sasl?: SaslLogin
}

/** What one connection needs to be opened. Throws `INVALID_CONFIG` when a file cannot be read. */
export async function connectionSecurity(
  { tls, sasl }: KafkaSecurity,
  host: string,
): Promise<ConnectionSecurity> {
  return {
    ...(tls === undefined ? {} : { tls: await tlsOptions(tls, host) }),
    ...(sasl === undefined ? {} : { sasl: await saslLogin(sasl) }),
  }
}

async function tlsOptions(
  { caFile, certFile, keyFile, serverName }: KafkaTls,
  host: string,
): Promise<ConnectionOptions> {
  const servername = serverName ?? (isIP(host) === 0 ? host : undefined)
  return {
    ...(caFile === undefined ? {} : { ca: await secret('tls.caFile', caFile) }),
    ...(certFile === undefined ? {} : { cert: await secret('tls.certFile', certFile) }),
    ...(keyFile === undefined ? {} : { key: await secret('tls.keyFile', keyFile) }),
    ...(servername === undefined ? {} : { servername }),
  }
}

/**
 * Credentials are read before connecting too, so that an unreadable file is told apart from a refused password. A
 * long-lived connection proves itself again now and then, with what the file says by then.
 */
async function saslLogin(sasl: KafkaSasl): Promise<SaslLogin> {
  if (sasl.mechanism === 'OAUTHBEARER') {
    const token = () => secret('sasl.tokenFile', sasl.tokenFile)
    await token()
    return { mechanism: sasl.mechanism, token }
  }
  const { mechanism, username, usernameFile = '', passwordFile } = sasl
  const user = async () => username ?? (await secret('sasl.usernameFile', usernameFile))
  const password = () => secret('sasl.passwordFile', passwordFile)
  await user()
  await password()
  return { mechanism, username: user, password }
}

/** The contents of a file, without the newline by which editors and `echo` end it. */
async function secret(field: string, file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new BrokerError('INVALID_CONFIG', `kafka.${field}: cannot read ${file} (${code})`, {
      cause: error,
    })
  }
}
