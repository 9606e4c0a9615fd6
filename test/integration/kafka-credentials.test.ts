import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse, stringify } from 'yaml'
import { permissions } from '../../operator/kube/permissions.ts'
import {
  type ApiServer,
  FIRST_START_MS,
  missingForApiServer,
  sharedApiServer,
} from '../cluster/api-server.ts'
import { type Certificates, makeCertificates } from '../kafka/certificates.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { type SecureKafka, startSecureKafka } from '../kafka/secure.ts'
import { unsignedToken } from '../kafka/unsigned-token.ts'
import { cacheDir } from '../support/cache.ts'
import { eventually } from '../support/eventually.ts'
import { requireOrSkip } from '../support/skip.ts'

const NAMESPACE = 'credentials'
const JOB = 'millrace.dev/job=fraud'
const apiVersion = 'millrace.dev/v1alpha1'
/** In every secret here, and to be seen nowhere but in Secrets. */
const CANARY = 'canary-7d1f'
const PASSWORD = `${CANARY}-good`
const WRONG = `${CANARY}-wrong`
/** What a condition may take, by the fault model. */
const TOLD = { timeoutMs: 30_000, everyMs: 250 }

/** Under the keys that Strimzi has. */
const clientCertSecretRef = { name: 'client', certKey: 'user.crt', privateKeyKey: 'user.key' }

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

describe('a Kafka with TLS and SASL, named by Topics and StreamJobs', function () {
  this.timeout(90_000)
  let dir: string
  let api: ApiServer
  let kafka: SecureKafka
  let certificates: Certificates
  let operator: ChildProcess | undefined
  let log = ''

  before(async function () {
    this.timeout(FIRST_START_MS)
    requireOrSkip(this, (await missingForApiServer()) ?? (await missingForKafka()))
    mkdirSync(cacheDir, { recursive: true })
    dir = mkdtempSync(join(cacheDir, 'credentials-'))
    certificates = await makeCertificates(dir)
    ;[api, kafka] = await Promise.all([sharedApiServer(), startSecureKafka(certificates, PASSWORD)])
    await api.kubectl(['apply', '-f', 'crds/'])
    await api.kubectl(['wait', '--for=condition=Established', 'crd', '--all'])
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
    await apply(...roleOfOperator())
    await kafka.setScramPassword('scram', PASSWORD)
    await startOperator()
  })

  after(async () => {
    operator?.kill('SIGKILL')
    await api?.tryKubectl(['delete', 'streamjobs,topics', '--all', '-n', NAMESPACE, '--wait=false'])
    await api?.tryKubectl(['delete', 'namespace', NAMESPACE, '--wait=false'])
    await kafka?.stop()
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
  })

  const apply = (...objects: object[]) =>
    api.kubectl(['apply', '-f', '-'], objects.map((one) => stringify(one)).join('---\n'))

  const secret = (name: string, stringData: Record<string, string>) =>
    apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: NAMESPACE },
      stringData,
    })

  const topic = (name: string, spec: object) => ({
    apiVersion,
    kind: 'Topic',
    metadata: { name, namespace: NAMESPACE },
    spec: { partitions: 1, ...spec },
  })

  const job = (spec: object) => ({
    apiVersion,
    kind: 'StreamJob',
    metadata: { name: 'fraud', namespace: NAMESPACE },
    spec: {
      inputs: [{ name: 'in', topic: 'payments' }],
      steps: [{ name: 'large', from: 'in', filter: 'value.amount > 500' }],
      outputs: [{ from: 'large', topic: 'large' }],
      ...spec,
    },
  })

  async function get<T>(kind: string, name: string): Promise<T> {
    return JSON.parse(await api.kubectl(['get', kind, name, '-n', NAMESPACE, '-o', 'json'])) as T
  }

  async function condition(kind: string, name: string, type: string): Promise<Condition> {
    const { status } = await get<{ status?: { conditions?: Condition[] } }>(kind, name)
    const found = status?.conditions?.find((one) => one.type === type)
    if (found === undefined) throw new Error(`${kind} ${name} has no condition ${type} yet`)
    return found
  }

  const expectReachable = (kind: string, name: string, reason: string, says = /./) =>
    eventually(async () => {
      const found = await condition(kind, name, 'KafkaReachable')
      expect(found.reason, `${name}: ${found.message}`).to.equal(reason)
      expect(found.message).to.match(says)
    }, TOLD)

  const expectReady = (name: string) =>
    eventually(async () => {
      const { status, message } = await condition('mtopic', name, 'Ready')
      expect(status, message).to.equal('True')
    }, TOLD)

  /** Just the rights that the chart grants, in the one namespace. */
  function roleOfOperator(): object[] {
    const name = 'operator'
    const metadata = { name, namespace: NAMESPACE }
    const group = 'rbac.authorization.k8s.io'
    const leases = {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      verbs: ['create', 'get', 'update'],
    }
    const subjects = [{ kind: 'ServiceAccount', ...metadata }]
    return [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      {
        apiVersion: `${group}/v1`,
        kind: 'Role',
        metadata,
        rules: [...permissions, leases],
      },
      {
        apiVersion: `${group}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: group, kind: 'Role', name },
        subjects,
      },
    ]
  }

  async function startOperator(): Promise<void> {
    const config = parse(readFileSync(api.kubeconfigPath, 'utf8')) as { users: object[] }
    const token = (await api.kubectl(['create', 'token', 'operator', '-n', NAMESPACE])).trim()
    const kubeconfig = join(dir, 'kubeconfig')
    writeFileSync(kubeconfig, stringify({ ...config, users: [{ name: 'admin', user: { token } }] }))
    operator = spawn(process.execPath, [...process.execArgv, 'cli/main.ts', 'operator'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        KUBECONFIG: kubeconfig,
        MILLRACE_NAMESPACE: NAMESPACE,
        WATCH_NAMESPACES: NAMESPACE,
        MILLRACE_IMAGE: 'millrace:test',
        HTTP_PORT: '0',
        LOG_LEVEL: 'debug',
      },
    })
    for (const stream of [operator.stdout, operator.stderr])
      stream?.on('data', (chunk: Buffer) => (log += chunk.toString()))
  }

  const scram = () => ({
    bootstrapServers: kafka.saslServers,
    tls: { caSecretRef: { name: 'ca' } },
    sasl: { mechanism: 'ScramSha512', username: 'scram', secretRef: { name: 'user' } },
  })

  it('wait for their Secrets, and say which is missing', async () => {
    await apply(
      topic('payments', { kafka: scram() }),
      topic('large', { kafka: scram() }),
      job({ kafka: scram() }),
    )
    const says =
      /Secret "(ca|user)" of spec\.kafka does not exist in namespace credentials: create it/
    await expectReachable('mtopic', 'payments', 'SecretNotFound', says)
    await expectReachable('sj', 'fraud', 'SecretNotFound', says)
    const { stdout } = await api.tryKubectl(['get', 'sts,cm', '-n', NAMESPACE, '-l', JOB])
    expect(stdout).to.equal('')
  })

  it('say that a password is wrong', async () => {
    await secret('ca', { 'ca.crt': readFileSync(certificates.caFile, 'utf8') })
    await secret('user', { password: WRONG })
    const says =
      /Kafka at 127\.0\.0\.1:\d+: the brokers refuse the login of the user "scram" by SASL ScramSha512: .* that key "password" of Secret "user" holds its password/
    await expectReachable('mtopic', 'payments', 'AuthenticationFailed', says)
    await expectReachable('sj', 'fraud', 'AuthenticationFailed', says)
  })

  it('go on once the Secret is mended', async () => {
    await secret('user', { password: `${PASSWORD}\n` })
    await expectReady('payments')
    await expectReachable('sj', 'fraud', 'Connected')
    const { spec } = await eventually(() => get<StatefulSet>('sts', 'fraud'), TOLD)
    const volumes = spec.template.spec.volumes.filter(({ name }) => name === 'kafka')
    expect(volumes).to.deep.equal([
      {
        name: 'kafka',
        projected: {
          defaultMode: 0o440,
          sources: [
            { secret: { name: 'ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            { secret: { name: 'user', items: [{ key: 'password', path: 'password' }] } },
          ],
        },
      },
    ])
  })

  it('say so when a password that worked no longer does', async () => {
    await secret('user', { password: WRONG })
    await expectReachable('sj', 'fraud', 'AuthenticationFailed')
    await secret('user', { password: PASSWORD })
    await expectReachable('sj', 'fraud', 'Connected')
    const { metadata } = await get<StatefulSet>('sts', 'fraud')
    expect(metadata.generation, 'pods are not replaced for it').to.equal(1)
  })

  it('log in by every mechanism, and by client certificates', async () => {
    const { certFile, keyFile } = certificates.client
    await secret('plain', { username: 'plain', password: PASSWORD })
    await secret('token', { access: unsignedToken(CANARY) })
    await secret('client', {
      'user.crt': readFileSync(certFile, 'utf8'),
      'user.key': readFileSync(keyFile, 'utf8'),
    })
    const overSasl = (sasl: object) => ({ kafka: { ...scram(), sasl } })
    const tls = { caSecretRef: { name: 'ca' }, serverName: 'kafka.test', clientCertSecretRef }
    await apply(
      topic('by-plain', overSasl({ mechanism: 'Plain', secretRef: { name: 'plain' } })),
      topic(
        'by-token',
        overSasl({ mechanism: 'OAuthBearer', secretRef: { name: 'token', tokenKey: 'access' } }),
      ),
      topic('by-certificate', { kafka: { bootstrapServers: kafka.tlsServers, tls } }),
    )
    for (const name of ['by-plain', 'by-token', 'by-certificate']) await expectReady(name)
  })

  it('say what to do about whatever else keeps the two sides apart', async () => {
    await secret('other', { 'ca.crt': readFileSync(certificates.otherCaFile, 'utf8') })
    await secret('no-pem', { 'ca.crt': 'x' })
    await secret('bad-token', { token: CANARY })
    const { bootstrapServers: saslServers, tls, sasl } = scram()
    const { tlsServers, bootstrapServers: plainServers } = kafka
    const faults: Readonly<Record<string, readonly [kafka: object, says: RegExp]>> = {
      'another-ca': [
        { bootstrapServers: saslServers, tls: { caSecretRef: { name: 'other' } }, sasl },
        /certificate is not signed by the CA in key "ca\.crt" of Secret "other"/,
      ],
      'no-ca': [
        { bootstrapServers: saslServers, tls: {}, sasl },
        /set spec\.kafka\.tls\.caSecretRef/,
      ],
      'no-pem': [
        { bootstrapServers: saslServers, tls: { caSecretRef: { name: 'no-pem' } }, sasl },
        /key "ca\.crt" of Secret "no-pem" is no CA certificate in PEM/,
      ],
      'another-name': [
        { bootstrapServers: saslServers, tls: { ...tls, serverName: 'elsewhere.test' }, sasl },
        /set spec\.kafka\.tls\.serverName to a name in the certificate/,
      ],
      'no-certificate': [{ bootstrapServers: tlsServers, tls }, /wants a client certificate/],
      'no-tls': [{ bootstrapServers: plainServers, tls }, /does not speak TLS/],
      'no-login': [
        { bootstrapServers: tlsServers, tls: { ...tls, clientCertSecretRef }, sasl },
        /takes no SASL login: remove spec\.kafka\.sasl/,
      ],
      'another-token': [
        {
          bootstrapServers: saslServers,
          tls,
          sasl: { mechanism: 'OAuthBearer', secretRef: { name: 'bad-token' } },
        },
        /refuse the token in key "token" of Secret "bad-token"/,
      ],
    }
    await apply(...Object.entries(faults).map(([name, [spec]]) => topic(name, { kafka: spec })))
    for (const [name, [, says]] of Object.entries(faults))
      await expectReachable('mtopic', name, 'AuthenticationFailed', says)
  })

  it('say which right Kafka does not grant', async () => {
    await kafka.allow('scram', 'Describe', 'large')
    await api.kubectl(['annotate', 'mtopic', 'large', '-n', NAMESPACE, 'look=again'])
    const says = /TOPIC_AUTHORIZATION_FAILED/
    await expectReachable('mtopic', 'large', 'NotAuthorized', says)
    await expectReachable('sj', 'fraud', 'NotAuthorized', says)
  })

  it('show no secret anywhere but in Secrets', async () => {
    const kinds = 'streamjobs,topics,statefulsets,configmaps,services,events'
    const objects = await api.kubectl(['get', kinds, '-n', NAMESPACE, '-o', 'yaml'])
    expect(objects).to.contain('passwordFile').and.to.contain('AuthenticationFailed')
    const secrets = [CANARY, Buffer.from(PASSWORD).toString('base64'), 'PRIVATE KEY']
    for (const text of [objects, log]) for (const one of secrets) expect(text).not.to.contain(one)
  })
})

interface StatefulSet {
  readonly metadata: { readonly generation: number }
  readonly spec: {
    readonly template: { readonly spec: { readonly volumes: readonly { readonly name: string }[] } }
  }
}
