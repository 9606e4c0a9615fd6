import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../support/command.ts'

export interface Certificates {
  readonly caFile: string
  /** A CA that signed nothing here. */
  readonly otherCaFile: string
  /** Certificate and key in one file, as Kafka's PEM key stores want them. For 127.0.0.1 and kafka.test. */
  readonly brokerStore: string
  readonly client: { readonly certFile: string; readonly keyFile: string }
}

/** A CA, and certificates by it for brokers and a client, that last a day. */
export async function makeCertificates(parent: string): Promise<Certificates> {
  const dir = mkdtempSync(join(parent, 'certificates-'))
  const file = (name: string) => join(dir, name)
  const openssl = (...args: string[]) => command(['openssl', ...args], { cwd: dir })
  const newKey = ['-newkey', 'rsa:2048', '-noenc']
  for (const ca of ['ca', 'other']) {
    const output = ['-keyout', `${ca}.key`, '-out', `${ca}.pem`]
    await openssl('req', '-x509', '-days', '1', ...newKey, '-subj', `/CN=${ca}`, ...output)
  }
  for (const [name, extensions] of [
    ['broker', 'subjectAltName=IP:127.0.0.1,DNS:kafka.test'],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    writeFileSync(file(`${name}.ext`), extensions)
    const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`]
    await openssl('req', ...newKey, '-subj', `/CN=${name}`, ...request)
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1']
    const paths = ['-in', `${name}.csr`, '-extfile', `${name}.ext`, '-out', `${name}.pem`]
    await openssl('x509', '-req', ...signer, ...paths)
  }
  writeFileSync(
    file('broker.store'),
    await command(['cat', file('broker.key'), file('broker.pem')]),
  )
  return {
    caFile: file('ca.pem'),
    otherCaFile: file('other.pem'),
    brokerStore: file('broker.store'),
    client: { certFile: file('client.pem'), keyFile: file('client.key') },
  }
}
