import { expect } from 'chai'
import type { StreamJob } from '../../../crds/index.ts'
import { podTemplate } from '../../../operator/streamjob/desired/pod-template.ts'
import { runtimeConfig } from '../../../operator/streamjob/desired/runtime-config.ts'
import { commitIntervalMs, runtimeConfigSchema } from '../../../runtime/config.ts'
import { jobWith, kafka } from './observed.ts'

const facts = { defaultImage: 'millrace:1', code: undefined }

const variableOf = (variable: string, spec: Record<string, unknown>) =>
  podTemplate(jobWith(spec), facts).spec.containers[0]?.env.find(({ name }) => name === variable)
const heapOf = (spec: Record<string, unknown>) => variableOf('NODE_OPTIONS', spec)

describe('the pods of a StreamJob', () => {
  it('get a configuration that the runtime takes, with threads and formats', () => {
    const config = runtimeConfigSchema.parse(
      runtimeConfig(
        jobWith({
          threads: 4,
          inputs: [{ name: 'in', topic: 'in', keyFormat: 'Long' }],
          outputs: [{ from: 'large', topic: 'out', format: 'UUID' }],
        }),
      ),
    )
    expect(config.threads).to.equal(4)
    expect(config.inputs[0]).to.include({ format: 'Json', keyFormat: 'Long' })
    expect(config.outputs[0]).to.include({ format: 'UUID', keyFormat: 'String' })
  })

  const intervals: readonly (readonly [spec: object, milliseconds: number])[] = [
    [{}, 1000],
    [{ guarantee: 'ExactlyOnce' }, 100],
    [{ guarantee: 'ExactlyOnce', commitInterval: '2s' }, 2000],
  ]
  for (const [spec, milliseconds] of intervals) {
    it(`commit every ${milliseconds} ms with ${JSON.stringify(spec)}`, () => {
      const config = runtimeConfigSchema.parse(runtimeConfig(jobWith({ ...spec })))
      expect(commitIntervalMs(config)).to.equal(milliseconds)
    })
  }

  const copies: readonly (readonly [spec: object, standbyReplicas: number])[] = [
    [{}, 0],
    [{ state: {} }, 0],
    [{ state: { standbyReplicas: 2 } }, 2],
  ]
  for (const [spec, standbyReplicas] of copies) {
    it(`keep ${standbyReplicas} copies of state with ${JSON.stringify(spec)}`, () => {
      const { state } = runtimeConfigSchema.parse(runtimeConfig(jobWith({ ...spec })))
      const rest = { acceptableRecoveryLag: 10_000, maxWarmupReplicas: 2 }
      expect(state).to.deep.equal({ standbyReplicas, ...rest })
    })
  }

  it('keep snapshots of state in a volume that outlives a container', () => {
    const { stateDir } = runtimeConfig(jobWith({}))
    const { volumes, containers } = podTemplate(jobWith({}), facts).spec
    const mount = containers[0]?.volumeMounts.find(({ mountPath }) => mountPath === stateDir)
    expect(volumes.find(({ name }) => name === mount?.name)).to.deep.include({ emptyDir: {} })
  })

  it('share the heap that the memory limit allows among their threads', () => {
    const resources = { limits: { memory: '1000Mi' } }
    expect(heapOf({ resources })).to.include({ value: '--max-old-space-size=600' })
    expect(heapOf({ resources, threads: 4 })).to.include({ value: '--max-old-space-size=150' })
    expect(heapOf({ threads: 4 })).to.equal(undefined)
  })

  it('give large columns back to the kernel where memory is limited', () => {
    const threshold = (spec: object) => variableOf('MALLOC_MMAP_THRESHOLD_', { ...spec })
    expect(threshold({ resources: { limits: { memory: '1Gi' } } })).to.include({ value: '131072' })
    expect(threshold({})).to.equal(undefined)
  })

  const rows: readonly (readonly [sentence: string, security: object, expected: Mounted])[] = [
    ['nothing of Secrets without them', { tls: {} }, { kafka: { tls: {} }, sources: [] }],
    [
      'a CA and a login, each from its Secret',
      {
        tls: { caSecretRef: { name: 'ca', key: 'root.pem' }, serverName: 'kafka.test' },
        sasl: { mechanism: 'ScramSha256', secretRef: { name: 'user' } },
      },
      {
        kafka: {
          tls: { caFile: '/etc/millrace/kafka/ca.crt', serverName: 'kafka.test' },
          sasl: {
            mechanism: 'SCRAM-SHA-256',
            usernameFile: '/etc/millrace/kafka/username',
            passwordFile: '/etc/millrace/kafka/password',
          },
        },
        sources: [
          ['ca', { 'root.pem': 'ca.crt' }],
          ['user', { username: 'username', password: 'password' }],
        ],
      },
    ],
    [
      'all from one Secret, once',
      {
        tls: {
          caSecretRef: { name: 'user' },
          clientCertSecretRef: { name: 'user', certKey: 'user.crt', privateKeyKey: 'user.key' },
        },
      },
      {
        kafka: {
          tls: {
            caFile: '/etc/millrace/kafka/ca.crt',
            certFile: '/etc/millrace/kafka/tls.crt',
            keyFile: '/etc/millrace/kafka/tls.key',
          },
        },
        sources: [['user', { 'ca.crt': 'ca.crt', 'user.crt': 'tls.crt', 'user.key': 'tls.key' }]],
      },
    ],
    [
      'a user of the spec, and the password',
      { sasl: { mechanism: 'Plain', username: 'u', secretRef: { name: 's', passwordKey: 'pw' } } },
      {
        kafka: {
          sasl: {
            mechanism: 'PLAIN',
            username: 'u',
            passwordFile: '/etc/millrace/kafka/password',
          },
        },
        sources: [['s', { pw: 'password' }]],
      },
    ],
    [
      'a token',
      { sasl: { mechanism: 'OAuthBearer', secretRef: { name: 's' } } },
      {
        kafka: {
          sasl: { mechanism: 'OAUTHBEARER', tokenFile: '/etc/millrace/kafka/token' },
        },
        sources: [['s', { token: 'token' }]],
      },
    ],
  ]
  for (const [sentence, security, expected] of rows) {
    it(`get ${sentence}`, () => {
      const job = jobWith({ kafka: { ...kafka, ...security } })
      const config = runtimeConfigSchema.parse(runtimeConfig(job)).kafka
      expect(config).to.deep.equal({ ...kafka, ...expected.kafka })
      expect(sourcesOf(job)).to.deep.equal(expected.sources)
    })
  }

  it('see the files of Secrets in a folder that cannot be written, and the kubelet renews', () => {
    const sasl = { mechanism: 'Plain', username: 'u', secretRef: { name: 's' } }
    const { spec } = podTemplate(jobWith({ kafka: { ...kafka, sasl } }), facts)
    const mount = spec.containers[0]?.volumeMounts.find(({ name }) => name === 'kafka')
    expect(mount).to.deep.equal({ name: 'kafka', mountPath: '/etc/millrace/kafka', readOnly: true })
  })
})

interface Mounted {
  readonly kafka: object
  /** Secret, and the names of files by its keys. */
  readonly sources: readonly (readonly [string, Readonly<Record<string, string>>])[]
}

const sourcesOf = (job: StreamJob) =>
  podTemplate(job, facts).spec.volumes.flatMap((volume) =>
    'projected' in volume
      ? volume.projected.sources.map(({ secret: { name, items } }) => [
          name,
          Object.fromEntries(items.map(({ key, path }) => [key, path])),
        ])
      : [],
  )
