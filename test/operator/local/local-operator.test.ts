import { expect } from 'chai'
import type { StreamJob, Topic } from '../../../crds/index.ts'
import { devProgram } from '../../../cli/dev-program.ts'
import { EmbeddedAdmin } from '../../../operator/kafka/embedded-admin.ts'
import { kinds } from '../../../operator/kube/kinds.ts'
import type { KubeObject } from '../../../operator/kube/kube.ts'
import { type LocalOperator, startLocal } from '../../../operator/local/local-operator.ts'
import { EmbeddedBroker } from '../../../runtime/broker/embedded-broker.ts'
import { systemClock } from '../../../runtime/platform/clock.ts'
import { silentLogger } from '../../../runtime/platform/silent-logger.ts'
import { produceTo, valuesOf } from '../../support/embedded-topics.ts'
import { eventually } from '../../support/eventually.ts'

const kafka = { bootstrapServers: ['kafka:9092'] }
const apiVersion = 'millrace.dev/v1alpha1'
const metadata = (name: string) => ({ name, namespace: 'n' })

const topic = (name: string, spec: object = {}) =>
  ({ apiVersion, kind: 'Topic', metadata: metadata(name), spec: { kafka, ...spec } }) as KubeObject

const job = (spec: object = {}) =>
  ({
    apiVersion,
    kind: 'StreamJob',
    metadata: metadata('large'),
    spec: {
      kafka,
      inputs: [{ name: 'in', topic: 'in' }],
      steps: [{ name: 'large', from: 'in', filter: 'value.amount > 500' }],
      outputs: [{ from: 'large', topic: 'out' }],
      commitInterval: '100ms',
      deletionPolicy: 'Delete',
      ...spec,
    },
  }) as KubeObject

describe('the operator on an API server and a broker in memory', function () {
  this.timeout(20_000)
  let broker: EmbeddedBroker
  let operator: LocalOperator
  let events: string[]

  beforeEach(() => {
    broker = new EmbeddedBroker()
    events = []
    const admin = new EmbeddedAdmin(broker)
    operator = startLocal({
      guardsState: true,
      clock: systemClock,
      random: Math.random,
      log: silentLogger,
      kafka: async () => admin,
      events: { record: (_, __, reason) => events.push(reason) },
      start: devProgram({ connect: () => broker.connect(), log: silentLogger }),
    })
  })

  afterEach(() => operator.stop())

  const apply = async (...objects: KubeObject[]) => {
    for (const object of objects) await operator.kube.apply(object)
  }
  const getJob = () =>
    operator.kube.get<StreamJob>({ ...kinds.streamJob, namespace: 'n', name: 'large' })
  const expectPhase = (phase: string) =>
    eventually(async () => expect((await getJob())?.status?.phase).to.equal(phase), {
      timeoutMs: 15_000,
    })
  const topics = () => [...broker.topics.keys()].filter((name) => !name.startsWith('__')).sort()

  it('starts a job once its topics are there, and says so', async () => {
    await apply(job())
    await expectPhase('Pending')
    await apply(topic('in', { partitions: 3 }), topic('out'))
    await expectPhase('Running')
    const { status } = (await getJob()) ?? {}
    expect(status).to.include({ tasks: '3/3', replicas: 1, readyReplicas: 1, lag: 0 })
    expect(events).to.include.members(['TopicCreated', 'Ready'])
  })

  it('starts a job that names Secrets although there are none', async () => {
    const sasl = { mechanism: 'Plain', secretRef: { name: 'login' } }
    await apply(topic('in'), topic('out'), job({ kafka: { ...kafka, tls: {}, sasl } }))
    await expectPhase('Running')
  })

  it('stops at a bad record under Fail, says where, and goes on when told to skip it', async () => {
    await apply(topic('in'), topic('out'), job())
    await expectPhase('Running')
    produceTo(broker, 'in', ['{"amount": 600}', 'not json', '{"amount": 700}'])
    await expectPhase('Failed')
    const failed = await getJob()
    expect(failed?.status?.lastError?.message).to.match(/in-0@1/)
    await apply(job({ onError: 'Skip' }))
    await expectPhase('Running')
    await eventually(() =>
      expect(valuesOf(broker, 'out')).to.include.members(['{"amount": 600}', '{"amount": 700}']),
    )
  })

  it('scales by spec.replicas and shares the tasks', async () => {
    await apply(topic('in', { partitions: 4 }), topic('out'), job({ replicas: 3 }))
    await expectPhase('Running')
    const { items } = await operator.kube.list(kinds.pod, { namespace: 'n' })
    expect(items).to.have.length(3)
    await eventually(async () => expect((await getJob())?.status?.tasks).to.equal('4/4'))
    await apply(job({ replicas: 1 }))
    await eventually(async () => {
      expect((await operator.kube.list(kinds.pod)).items).to.have.length(1)
      expect((await getJob())?.status?.tasks).to.equal('4/4')
    })
  })

  it('keeps no pod of a suspended job, and wakes it again', async () => {
    await apply(topic('in'), topic('out'), job())
    await expectPhase('Running')
    await apply(job({ suspend: true }))
    await expectPhase('Suspended')
    await eventually(async () =>
      expect((await operator.kube.list(kinds.pod)).items).to.have.length(0),
    )
    await apply(job())
    await expectPhase('Running')
  })

  it('leaves nothing of a deleted job, but what belongs to others', async () => {
    const counting = {
      steps: [{ name: 'by', from: 'in', groupBy: 'value.k', aggregate: { n: 'count()' } }],
      outputs: [{ from: 'by', topic: 'out' }],
    }
    await apply(topic('in'), topic('out'), job(counting))
    await expectPhase('Running')
    const internal = (await getJob())?.status?.internalTopics ?? []
    expect(internal).to.deep.equal(['n.large-by-changelog', 'n.large-by-repartition'])
    // Of a job "large-b": its names begin alike.
    broker.createTopic({ name: 'n.large-b-by-changelog', partitions: 1 })
    await operator.kube.delete({ ...kinds.streamJob, namespace: 'n', name: 'large' })
    await eventually(async () => expect(await getJob()).to.equal(undefined), { timeoutMs: 15_000 })
    for (const kind of [kinds.pod, kinds.statefulSet, kinds.configMap, kinds.service]) {
      expect((await operator.kube.list(kind)).items).to.deep.equal([])
    }
    await eventually(() => expect(topics()).to.deep.equal(['in', 'n.large-b-by-changelog', 'out']))
  })

  it('keeps a job as it was when a change would lose its state, until that is given up', async () => {
    const counting = (name: string, field: string, upgrade: object = {}) =>
      job({
        steps: [{ name, from: 'in', groupBy: 'value.k', aggregate: { [field]: 'count()' } }],
        outputs: [{ from: name, topic: 'out' }],
        upgrade,
      })
    await apply(topic('in'), topic('out'), counting('by', 'n'))
    await expectPhase('Running')
    await apply(counting('per', 'n'))
    await expectPhase('Failed')
    const accepted = (await getJob())?.status?.conditions?.find(({ type }) => type === 'Accepted')
    expect(accepted).to.include({ status: 'False', reason: 'StateLoss' })
    expect((await operator.kube.list(kinds.pod)).items).to.have.length(1)
    expect(topics()).not.to.include('n.large-per-changelog')
    await apply(counting('per', 'n', { allowStateLossOf: ['by'] }))
    await eventually(() => expect(topics()).to.include('n.large-per-changelog'))
    expect(events).not.to.include('StateRemade')
    await apply(counting('per', 'm'))
    await eventually(() => expect(events).to.include('StateRemade'))
  })

  it('takes no object from somebody else', async () => {
    const theirs = { ...kinds.service, metadata: metadata('large'), spec: { theirs: true } }
    await apply(topic('in'), topic('out'), theirs, job())
    await expectPhase('Failed')
    const { items } = await operator.kube.list<KubeObject & { spec: object }>(kinds.service)
    expect(items.map(({ spec }) => spec)).to.deep.equal([{ theirs: true }])
  })

  it('deletes a topic by its policy only', async () => {
    await apply(topic('kept'), topic('gone', { deletionPolicy: 'Delete' }))
    const ready = async (name: string) => {
      const found = await operator.kube.get<Topic>({ ...kinds.topic, namespace: 'n', name })
      expect(found?.status?.conditions?.[0]?.status).to.equal('True')
    }
    await eventually(() => Promise.all([ready('kept'), ready('gone')]))
    for (const name of ['kept', 'gone'])
      await operator.kube.delete({ ...kinds.topic, namespace: 'n', name })
    await eventually(() => expect(topics()).to.deep.equal(['kept']))
  })
})
