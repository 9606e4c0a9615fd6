import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../support/command.ts'

export interface Pki {
  readonly ca: string
  readonly certificate: string
  readonly key: string
  readonly serviceAccountKey: string
  readonly tokens: string
  readonly token: string
}

/** Certificates and an admin token for an API server that answers under these names and addresses. */
export async function makePki(dir: string, addresses: readonly string[]): Promise<Pki> {
  const at = (name: string) => join(dir, name)
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await command([
    'openssl',
    'req',
    '-x509',
    ...curve,
    '-days',
    '3650',
    '-subj',
    '/CN=test-ca',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
  ])
  await command([
    'openssl',
    'req',
    ...curve,
    '-subj',
    '/CN=kube-apiserver',
    '-keyout',
    at('api.key'),
    '-out',
    at('api.csr'),
  ])
  const names = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ]
  const alternatives = [
    ...addresses.map((address) => `IP:${address}`),
    ...names.map((name) => `DNS:${name}`),
  ]
  writeFileSync(at('san.cnf'), `subjectAltName=${alternatives.join(',')}\n`)
  await command([
    'openssl',
    'x509',
    '-req',
    '-in',
    at('api.csr'),
    '-CA',
    at('ca.crt'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-days',
    '3650',
    '-out',
    at('api.crt'),
    '-extfile',
    at('san.cnf'),
  ])
  await command(['openssl', 'genrsa', '-out', at('sa.key'), '2048'])
  const token = randomBytes(16).toString('hex')
  writeFileSync(at('tokens.csv'), `${token},admin,admin,system:masters\n`)
  return {
    ca: at('ca.crt'),
    certificate: at('api.crt'),
    key: at('api.key'),
    serviceAccountKey: at('sa.key'),
    tokens: at('tokens.csv'),
    token,
  }
}

export const kubeconfig = (server: string, { ca, token }: Pki): string => `apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "${server}", certificate-authority: ${ca}}}]
users: [{name: admin, user: {token: "${token}"}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
current-context: test
`
