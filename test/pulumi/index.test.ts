import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as pulumi from '@pulumi/pulumi'
import { expect } from 'chai'
import { parse } from 'yaml'
import { eventually } from '../support/eventually.ts'
import { chartFolder, helm } from '../charts/render.ts'
import { Recorder, valueOf } from './recorder.ts'

const release = 'kubernetes:helm.sh/v3:Release'
const streamJob = 'kubernetes:millrace.dev/v1alpha1:StreamJob'
const topic = 'kubernetes:millrace.dev/v1alpha1:Topic'
const folder = join(import.meta.dirname, '..', '..', 'pulumi')

describe('pulumi/index.ts', () => {
  const recorder = new Recorder()
  let program: { bootstrapServers: pulumi.Output<string[]>; jobs: readonly string[] }
  let job: string

  before(async function () {
    this.timeout(60_000)
    await recorder.start({
      'millrace:brokers': '3',
      'millrace:zookeeperServers': '3',
      'millrace:persistence': 'true',
      'millrace:kafkaImage': '{"repository":"localhost/kafka"}',
    })
    program = await import('../../pulumi/index.ts')
    job = program.jobs[0] ?? ''
    await eventually(() => recorder.one(streamJob, `streamjob-${job}`))
  })

  it('installs the three charts under names that clients can rely on', () => {
    const charts = recorder.resources.filter(({ type }) => type === release)
    expect(
      charts.map(({ name, inputs }) => [name, inputs.name, inputs.chart]),
    ).to.have.deep.members([
      ['zookeeper', 'zookeeper', '../charts/zookeeper'],
      ['kafka', 'kafka', '../charts/kafka'],
      ['millrace', 'millrace', '../charts/millrace'],
    ])
  })

  it('gives the charts what the stack decides', () => {
    expect(recorder.one(release, 'zookeeper').inputs).to.deep.include({
      namespace: 'fraud-detection',
      values: {
        fullnameOverride: 'zookeeper',
        global: { imageRegistry: '' },
        image: { repository: 'localhost/kafka' },
        replicas: 3,
        persistence: { enabled: true },
      },
    })
    expect(recorder.one(release, 'kafka').inputs.values).to.deep.include({
      replicas: 3,
      zookeeper: { connect: 'zookeeper.fraud-detection:2181' },
      persistence: { enabled: true },
    })
    expect(recorder.one(release, 'millrace').inputs).to.deep.include({
      namespace: 'millrace-system',
    })
    expect(recorder.one(release, 'millrace').inputs.values.watchNamespaces).to.deep.equal([
      'fraud-detection',
    ])
  })

  it('gives the charts values that their schemas accept', async function () {
    this.timeout(60_000)
    for (const chart of ['zookeeper', 'kafka', 'millrace'] as const) {
      const { values } = recorder.one(release, chart).inputs
      const { code, stderr } = await helm(['template', chart, chartFolder(chart)], values)
      expect(code, stderr).to.equal(0)
    }
  })

  it('starts Kafka after ZooKeeper, and the job after Kafka, the operator and its topics', () => {
    const { resources } = recorder
    expect(recorder.one(release, 'kafka').dependencies).to.include(`${release} zookeeper`)
    const topics = resources
      .filter(({ type }) => type === topic)
      .map(({ name }) => `${topic} ${name}`)
    expect(topics).not.to.be.empty
    const started = recorder.one(streamJob, `streamjob-${job}`)
    expect(started.dependencies).to.include.members([
      `${release} kafka`,
      `${release} millrace`,
      ...topics,
    ])
  })

  it('points the example at the Kafka of the stack and waits until it is Ready', async () => {
    const servers = await valueOf(program.bootstrapServers)
    expect(servers).to.deep.equal(['kafka.fraud-detection:9092'])
    const objects = recorder.resources.filter(({ type }) =>
      type.startsWith('kubernetes:millrace.dev/'),
    )
    for (const { name, inputs } of objects) {
      expect(inputs.spec.kafka.bootstrapServers, name).to.deep.equal(servers)
      expect(inputs.metadata, name).to.deep.include({
        namespace: 'fraud-detection',
        annotations: { 'pulumi.com/waitFor': 'condition=Ready' },
      })
    }
  })

  it('runs everything in namespaces that enforce the restricted Pod Security Standard', () => {
    const namespaces = recorder.resources.filter(
      ({ type }) => type === 'kubernetes:core/v1:Namespace',
    )
    expect(namespaces.map(({ name }) => name)).to.have.members([
      'fraud-detection',
      'millrace-system',
    ])
    for (const { inputs } of namespaces) {
      expect(inputs.metadata.labels).to.include({
        'pod-security.kubernetes.io/enforce': 'restricted',
      })
    }
  })

  it('is what Pulumi.yaml starts, by Node alone', () => {
    const project = parse(readFileSync(join(folder, 'Pulumi.yaml'), 'utf8')) as Record<
      string,
      unknown
    >
    expect(project).to.deep.include({
      main: 'index.ts',
      runtime: { name: 'nodejs', options: { typescript: false } },
    })
  })
})
