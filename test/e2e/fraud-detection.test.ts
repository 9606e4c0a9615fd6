import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { parse, parseAllDocuments, stringify } from 'yaml'
import type { StreamJob } from '../../crds/index.ts'
import { eventually } from '../support/eventually.ts'
import { requireOrSkip } from '../support/skip.ts'
import { installPlatform, missingForPlatform, NAMESPACE, type Platform } from './platform.ts'

const FIRST = 200_000
const SECOND = 20_000
const THIRD = 100_000
const FOURTH = 20_000
/** Of the partitions that payments have: each is a task with state behind the repartition topic. */
const TASKS_WITH_STATE = 4
const QUIET_MS = 120_000
/** The first time, Kubernetes, Helm and the images are built from source. */
const INSTALL_MS = 3_000_000

/** One story, told in order: each part goes on from where the one before has left the cluster. */
describe('the fraud example in a cluster', function () {
  this.timeout(600_000)
  this.bail(true)
  let platform: Platform

  const kubectl = (...args: string[]) => platform.kubectl(args)
  const jobReady = () =>
    kubectl('wait', '--for=condition=Ready', 'streamjob', '--all', '--timeout=180s')

  before(async function () {
    this.timeout(INSTALL_MS)
    requireOrSkip(this, await missingForPlatform())
    platform = await installPlatform((line) => console.log(`      ${line}`))
  })

  after(async function () {
    await platform?.remove()
  })

  it('is ready soon after kubectl apply', async () => {
    await platform.kubectl(['apply', '-f', '-'], manifests())
    await kubectl('wait', '--for=condition=Ready', 'topic', '--all', '--timeout=120s')
    await jobReady()
  })

  it('gives for 200,000 records what plain arithmetic gives, per card in order', async () => {
    await platform.drive('produce', 0, FIRST)
    const result = await platform.drive<Verdict>('verifyExactly', FIRST)
    expect(result).to.deep.include({ seen: result.wanted, wrongCards: 0 })
    expect(result.wanted).to.be.greaterThan(100_000)
  })

  it('sets a poison record aside, with where it came from and why', async () => {
    const sent = await platform.drive<{ partition: number; offset: string }>('poison', '{"id": 1, ')
    const [letter] = await platform.drive<Letter[]>('read', 'flows.fraud-detection-dead-letters', 1)
    expect(letter).to.deep.include({ key: 'card-poison', value: '{"id": 1, ' })
    expect(letter?.headers).to.include({
      trace: 'abc',
      'millrace.job': 'flows/fraud-detection',
      'millrace.topic': 'payments',
      'millrace.partition': String(sent.partition),
      'millrace.offset': sent.offset,
    })
    expect(letter?.headers['millrace.message']).to.contain('JSON')
    await eventually(
      async () => {
        const job = await getJob()
        expect(job.status.deadLettered).to.equal(1)
      },
      { timeoutMs: 60_000, everyMs: 1000 },
    )
  })

  it('counts on from the changelog after a restart', async () => {
    await patchJob({ suspend: true })
    await kubectl(
      'wait',
      '--for=delete',
      'pod',
      '-l',
      'millrace.dev/job=fraud-detection',
      '--timeout=60s',
    )
    await patchJob({ suspend: false })
    await platform.drive('produce', FIRST, SECOND)
    await jobReady()
    const result = await platform.drive<Verdict>('verifyExactly', FIRST + SECOND)
    expect(result).to.deep.include({ seen: result.wanted, wrongCards: 0 })
  })

  it('loses nothing when it is scaled from 1 to 3 and a pod is killed in the middle', async () => {
    const producing = platform.drive('produce', FIRST + SECOND, THIRD, 20)
    await kubectl('scale', 'streamjob/fraud-detection', '--replicas=3')
    await eventually(() => kubectl('wait', '--for=condition=Ready', 'pod/fraud-detection-1'), {
      timeoutMs: 60_000,
    })
    await kill('fraud-detection-0')
    await producing
    await jobReady()
    const result = await platform.drive('verifyNothingLost', FIRST + SECOND + THIRD)
    expect(result).to.deep.include({ missing: 0, short: 0 })
    const job = await getJob()
    expect(job.status).to.include({ replicas: 3, readyReplicas: 3 })
  })

  it('goes on with the copies that other pods keep when it is scaled down', async () => {
    await patchJob({ state: { standbyReplicas: 1 } })
    await eventually(async () => {
      const { metadata, status } = await getJob()
      expect(status.observedGeneration).to.equal(metadata.generation)
    })
    await kubectl('rollout', 'status', 'statefulset/fraud-detection', '--timeout=180s')
    const all = ['fraud-detection-0', 'fraud-detection-1', 'fraud-detection-2']
    const stay = all.slice(0, 2)
    await copied(all)
    const before = await restored(stay)
    await kubectl('scale', 'streamjob/fraud-detection', '--replicas=2')
    await kubectl('wait', '--for=delete', 'pod/fraud-detection-2', '--timeout=120s')
    await copied(stay)
    expect(await restored(stay)).to.equal(before)
    await platform.drive('produce', FIRST + SECOND + THIRD, FOURTH)
    const result = await platform.drive('verifyNothingLost', FIRST + SECOND + THIRD + FOURTH)
    expect(result).to.deep.include({ missing: 0, short: 0 })
  })

  it('leaves a converged cluster alone: no write for two minutes, but for the lease', async () => {
    const lags = 'jsonpath={.items[*].status.lag}'
    await eventually(
      async () => expect(await kubectl('get', 'streamjobs', '-o', lags)).to.equal('0 0'),
      { timeoutMs: 90_000, everyMs: 1000 },
    )
    const before = await versions()
    expect(before.length).to.be.greaterThan(8)
    await delay(QUIET_MS)
    expect(await versions()).to.deep.equal(before)
  })

  it('leaves nothing behind but the topics that its policies keep', async () => {
    await platform.kubectl(['delete', '-f', '-', '--timeout=120s'], manifests())
    const kinds = 'pods,configmaps,services,statefulsets'
    // What a job owns goes soon after the job itself.
    await eventually(
      async () =>
        expect(await kubectl('get', kinds, '-l', 'millrace.dev/job', '-o', 'name')).to.equal(''),
      { timeoutMs: 60_000, everyMs: 500 },
    )
    expect(await kubectl('get', 'streamjobs,topics', '-o', 'name')).to.equal('')
    expect(await platform.drive('topics')).to.deep.equal([
      'flows.large-payments-dead-letters',
      'fraud-alerts',
      'large-payments',
    ])
  })

  const getJob = async () =>
    JSON.parse(await kubectl('get', 'sj', 'fraud-detection', '-o', 'json')) as {
      metadata: { generation: number }
      status: Record<string, unknown>
    }

  /** One a series, of all these pods. */
  const values = async (pods: readonly string[], metric: string): Promise<readonly number[]> => {
    const path = (pod: string) => `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:8080/proxy/metrics`
    const scraped = await Promise.all(pods.map((pod) => kubectl('get', '--raw', path(pod))))
    return scraped
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.startsWith(`${metric}{`))
      .map((line) => Number(line.slice(line.lastIndexOf(' '))))
  }

  /** Waits until the state of each task is at two of these pods. */
  const copied = (pods: readonly string[]) =>
    eventually(
      async () =>
        expect(await values(pods, 'millrace_standby_lag_records')).to.deep.equal(
          Array.from({ length: TASKS_WITH_STATE }, () => 0),
        ),
      { timeoutMs: 180_000, everyMs: 1000 },
    )

  /** Entries that tasks there have begun with, since their pods started. */
  const restored = async (pods: readonly string[]) =>
    (await values(pods, 'millrace_restored_entries_total')).reduce((sum, value) => sum + value, 0)

  const patchJob = (spec: Record<string, unknown>) =>
    kubectl('patch', 'sj', 'fraud-detection', '--type=merge', '-p', JSON.stringify({ spec }))

  const kill = async (pod: string) => {
    const path = 'jsonpath={.status.containerStatuses[0].containerID}'
    const id = await kubectl('get', 'pod', pod, '-o', path)
    await platform.cluster.kill(id.replace('containerd://', ''))
  }

  /** What the operator may write, with the version of each. */
  const versions = async () => {
    const kinds = 'streamjobs,topics,statefulsets,services,configmaps,events.events.k8s.io'
    const path = '{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}'
    const lines = (await kubectl('get', kinds, '-o', `jsonpath=${path}`)).trim().split('\n')
    // The kubelet and the scheduler tell of pods; the operator of jobs and topics.
    return lines.filter((line) => !line.startsWith('Event/fraud-detection-')).sort()
  }
})

interface Verdict {
  readonly wanted: number
  readonly seen: number
  readonly wrongCards: number
}

interface Letter {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

/** The example as it is, without its made-up input, and a second job that passes every large payment on. */
function manifests(): string {
  const job = parse(readFileSync('examples/fraud-detection/streamjob.yaml', 'utf8')) as StreamJob
  const [input] = job.spec.inputs
  delete input?.generator
  const topics = parseAllDocuments(readFileSync('examples/fraud-detection/topics.yaml', 'utf8'))
  job.spec.deletionPolicy = 'Delete'
  const large = {
    ...job,
    metadata: { name: 'large-payments' },
    spec: {
      ...job.spec,
      deletionPolicy: 'Retain',
      steps: [{ name: 'large', from: 'payments', filter: 'value.amount > 500' }],
      outputs: [{ from: 'large', topic: 'large-payments' }],
    },
  }
  const topic = {
    apiVersion: job.apiVersion,
    kind: 'Topic',
    metadata: { name: 'large-payments' },
    spec: { kafka: job.spec.kafka, partitions: 3 },
  }
  return [job, large, topic, ...topics.map((document) => document.toJSON() as unknown)]
    .map((object) => stringify(object))
    .join('---\n')
}
