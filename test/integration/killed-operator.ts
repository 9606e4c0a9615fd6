import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { stringify } from 'yaml'
import kafkajs from 'kafkajs'
import {
  type ApiServer,
  FIRST_START_MS,
  missingForApiServer,
  sharedApiServer,
} from '../cluster/api-server.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { sharedKafka } from '../kafka/shared.ts'
import { eventually } from '../support/eventually.ts'
import { requireOrSkip } from '../support/skip.ts'

const JOBS = 20
const TOPICS_A_JOB = 3
/** Kills while everything is created, and as many again while everything is deleted. */
const KILLS_A_PHASE = 5
const NAMESPACE = 'kills'

/** Creates and deletes 20 jobs with 60 topics, `rounds` times, under an operator that is killed ten times a round. */
export function describeKilledOperator(rounds: number): void {
  describe(`an operator killed ${rounds * KILLS_A_PHASE * 2} times`, function () {
    this.timeout(rounds * 300_000)
    let api: ApiServer
    let bootstrap: string
    let operator: ChildProcess | undefined

    before(async function () {
      this.timeout(FIRST_START_MS)
      requireOrSkip(this, (await missingForApiServer()) ?? (await missingForKafka()))
      api = await sharedApiServer()
      bootstrap = (await sharedKafka()).bootstrapServers[0] ?? ''
      await api.kubectl(['apply', '-f', 'crds/'])
      await api.kubectl(['wait', '--for=condition=Established', 'crd', '--all'])
      await api.kubectl(['create', 'namespace', NAMESPACE])
    })

    after(async () => {
      operator?.kill('SIGKILL')
      await api?.tryKubectl(['delete', 'namespace', NAMESPACE])
    })

    for (let round = 1; round <= rounds; round++) {
      it(`comes to the same end in round ${round}`, async () => {
        await underKills(() => api.kubectl(['apply', '-f', '-'], manifests(bootstrap)))
        await eventually(expectCreated, { timeoutMs: 120_000, everyMs: 500 })
        await underKills(() =>
          api.kubectl(['delete', '-f', '-', '--wait=false'], manifests(bootstrap)),
        )
        await eventually(expectGone, { timeoutMs: 120_000, everyMs: 500 })
        await end()
      })
    }

    async function underKills(change: () => Promise<unknown>): Promise<void> {
      await end()
      const changing = change()
      for (let kill = 0; kill < KILLS_A_PHASE; kill++) {
        await start()
        // From before its first list to the middle of its work.
        await delay(500 + Math.random() * 2500)
        await end()
      }
      await start()
      await changing
    }

    async function start(): Promise<void> {
      // Nobody renews it, but a newcomer would wait its whole term; a person would do the same.
      await api.kubectl([
        'delete',
        'lease',
        'millrace-operator',
        '-n',
        NAMESPACE,
        '--ignore-not-found',
      ])
      operator = spawn(process.execPath, [...process.execArgv, 'cli/main.ts', 'operator'], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {
          ...process.env,
          KUBECONFIG: api.kubeconfigPath,
          MILLRACE_NAMESPACE: NAMESPACE,
          MILLRACE_IMAGE: 'millrace:test',
          HTTP_PORT: '0',
          LOG_LEVEL: 'error',
        },
      })
    }

    async function end(): Promise<void> {
      if (operator === undefined) return
      const ended = new Promise((resolve) => operator?.once('exit', resolve))
      operator.kill('SIGKILL')
      await ended
      operator = undefined
    }

    async function names(kind: string): Promise<string[]> {
      const list = await api.kubectl(['get', kind, '-n', NAMESPACE, '-o', 'name'])
      return list.split('\n').filter((name) => name !== '' && !name.includes('kube-root-ca'))
    }

    async function expectCreated(): Promise<void> {
      const ready = '{range .items[?(@.status.origin=="Created")]}{.metadata.name} {end}'
      const topics = await api.kubectl([
        'get',
        'topics',
        '-n',
        NAMESPACE,
        '-o',
        `jsonpath=${ready}`,
      ])
      expect(topics.trim().split(' ')).to.have.length(JOBS * TOPICS_A_JOB)
      for (const kind of ['statefulsets', 'services', 'configmaps']) {
        expect(await names(kind)).to.have.length(JOBS)
      }
      const partitions = await kafkaTopics(bootstrap)
      expect(partitions).to.deep.equal(expectedPartitions())
    }

    async function expectGone(): Promise<void> {
      for (const kind of ['streamjobs', 'topics', 'statefulsets', 'services', 'configmaps']) {
        expect(await names(kind)).to.deep.equal([])
      }
      expect(await kafkaTopics(bootstrap)).to.deep.equal({})
    }
  })
}

const topicName = (job: number, index: number) => `kills-${job}-${index}`
const partitionsOf = (job: number, index: number) => 1 + ((job + index) % 3)

const each = <T>(of: (job: number, index: number) => T): T[] =>
  Array.from({ length: JOBS * TOPICS_A_JOB }, (_, n) =>
    of(Math.floor(n / TOPICS_A_JOB), n % TOPICS_A_JOB),
  )

const expectedPartitions = () =>
  Object.fromEntries(each((job, index) => [topicName(job, index), partitionsOf(job, index)]))

function manifests(bootstrap: string): string {
  const kafka = { bootstrapServers: [bootstrap] }
  const apiVersion = 'millrace.dev/v1alpha1'
  const topics = each((job, index) => ({
    apiVersion,
    kind: 'Topic',
    metadata: { name: topicName(job, index), namespace: NAMESPACE },
    spec: { kafka, partitions: partitionsOf(job, index), deletionPolicy: 'Delete' },
  }))
  const jobs = Array.from({ length: JOBS }, (_, job) => ({
    apiVersion,
    kind: 'StreamJob',
    metadata: { name: `job-${job}`, namespace: NAMESPACE },
    spec: {
      kafka,
      inputs: [0, 1].map((index) => ({ name: `in-${index}`, topic: topicName(job, index) })),
      steps: [{ name: 'large', from: 'in-0', filter: 'value.amount > 500' }],
      outputs: [{ from: 'large', topic: topicName(job, 2) }],
      deletionPolicy: 'Delete',
    },
  }))
  return [...jobs, ...topics].map((object) => stringify(object)).join('---\n')
}

async function kafkaTopics(bootstrap: string): Promise<Record<string, number>> {
  const client = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  const topics = (await admin.listTopics()).filter((name) => name.startsWith('kills-'))
  const { topics: described } =
    topics.length === 0 ? { topics: [] } : await admin.fetchTopicMetadata({ topics })
  await admin.disconnect()
  const counts = described.map(({ name, partitions }) => [name, partitions.length] as const)
  return Object.fromEntries(counts.sort())
}
