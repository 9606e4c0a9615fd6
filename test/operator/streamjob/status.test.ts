import { expect } from 'chai'
import type { StreamJob } from '../../../crds/index.ts'
import { runtimeConfig } from '../../../operator/streamjob/desired/runtime-config.ts'
import { planStreamJob } from '../../../operator/streamjob/plan.ts'
import type { StreamJobObserved } from '../../../operator/streamjob/observe.ts'
import { streamJobStatus } from '../../../operator/streamjob/status.ts'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { jobWith, observedWith, podNamed, rolledOut, runtimeWith, topicObject } from './observed.ts'

const NOW = Date.UTC(2026, 0, 1)

function statusOf(observed: StreamJobObserved) {
  const plan = planStreamJob(observed, 'millrace:1', NOW)
  return { plan, status: streamJobStatus(observed, plan, { now: NOW, lag: 0 }) }
}

const kafkaWith = (topics: readonly string[], others: readonly string[] = []) =>
  ({ reachable: true, topics: new Set(topics), others, lag: 0 }) as const

const withoutSecret = {
  reachable: false,
  reason: 'SecretNotFound',
  message: 'Secret "user" of spec.kafka does not exist in namespace n: create it',
} as const

const crashed = podNamed('fraud-0', {
  containerStatuses: [
    {
      name: 'runtime',
      ready: false,
      restartCount: 4,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
      lastState: { terminated: { reason: 'Error', exitCode: 1, message: 'in-0@7 is not JSON' } },
    },
  ],
})

const countingAs = (name: string, more: Record<string, unknown> = {}) =>
  jobWith({
    steps: [{ name, from: 'in', groupBy: 'value.card', aggregate: { n: 'count()' } }],
    outputs: [{ from: name, topic: 'out' }],
    ...more,
  })

const configOf = (job: StreamJob) => runtimeConfigSchema.parse(runtimeConfig(job))

interface Row {
  readonly title: string
  readonly observed: Partial<StreamJobObserved>
  readonly phase: string
  readonly ready: readonly [status: string, reason: string]
  readonly says: RegExp
  readonly applies?: number
}

const rows: readonly Row[] = [
  {
    title: 'all is well',
    observed: {},
    phase: 'Running',
    ready: ['True', 'Ready'],
    says: /every task runs/,
  },
  {
    title: 'an expression has a mistake',
    observed: {
      job: jobWith({ steps: [{ name: 'large', from: 'in', filter: 'valu.amount > 500' }] }),
    },
    phase: 'Failed',
    ready: ['False', 'NotAccepted'],
    says: /spec\.steps\[0\]\.filter.*Did you mean "value"/s,
    applies: 0,
  },
  {
    title: 'its ConfigMap is missing',
    observed: { code: { missing: 'ConfigMap "x" does not exist in namespace n' } },
    phase: 'Failed',
    ready: ['False', 'NotAccepted'],
    says: /ConfigMap "x"/,
    applies: 0,
  },
  {
    title: 'an older job has its application id',
    observed: { rival: 'n/older' },
    phase: 'Failed',
    ready: ['False', 'NotAccepted'],
    says: /n\/older.*another spec\.applicationId/,
    applies: 0,
  },
  {
    title: 'an object of somebody else has its name',
    observed: { workload: undefined, pods: [], foreign: 'StatefulSet "fraud"' },
    phase: 'Failed',
    ready: ['False', 'NotAccepted'],
    says: /StatefulSet "fraud" that does not belong to this job/,
    applies: 0,
  },
  {
    title: 'a step with state bears another name than the one that ran',
    observed: { job: countingAs('totals'), applied: configOf(countingAs('counts')) },
    phase: 'Failed',
    ready: ['False', 'NotAccepted'],
    says: /"counts" is gone, .*Is "totals" its new name\?.*write spec\.upgrade\.allowStateLossOf: \[counts\]$/s,
    applies: 0,
  },
  {
    title: 'a step with state bears another name, and what it kept is given up',
    observed: {
      job: countingAs('totals', { upgrade: { allowStateLossOf: ['counts'] } }),
      applied: configOf(countingAs('counts')),
    },
    phase: 'Running',
    ready: ['True', 'Ready'],
    says: /every task runs/,
  },
  {
    title: 'Kafka does not answer and no pod exists',
    observed: {
      workload: undefined,
      pods: [],
      kafka: { reachable: false, reason: 'Unreachable', message: 'kafka:9092 refused' },
    },
    phase: 'Pending',
    ready: ['False', 'KafkaUnreachable'],
    says: /kafka:9092 refused/,
    applies: 0,
  },
  {
    title: 'a Secret is missing and no pod exists',
    observed: { workload: undefined, pods: [], kafka: withoutSecret },
    phase: 'Pending',
    ready: ['False', 'KafkaUnreachable'],
    says: /Secret "user" of spec\.kafka does not exist/,
    applies: 0,
  },
  {
    title:
      'a Secret is missing under a job that runs: pods that could not start replace none that do',
    observed: { kafka: withoutSecret },
    phase: 'Pending',
    ready: ['False', 'KafkaUnreachable'],
    says: /Secret "user"/,
    applies: 0,
  },
  {
    title: 'a Secret is missing and the job is to stop: that needs none',
    observed: { job: jobWith({ suspend: true }), kafka: withoutSecret },
    phase: 'Suspended',
    ready: ['False', 'KafkaUnreachable'],
    says: /Secret "user"/,
  },
  {
    title: 'Kafka no longer lets us in: pods go on',
    observed: {
      kafka: { reachable: false, reason: 'AuthenticationFailed', message: 'refused the login' },
    },
    phase: 'Pending',
    ready: ['False', 'KafkaUnreachable'],
    says: /refused the login/,
  },
  {
    title: 'a topic is missing and another has nearly its name',
    observed: { workload: undefined, pods: [], kafka: kafkaWith(['in'], ['outt']) },
    phase: 'Pending',
    ready: ['False', 'TopicsNotReady'],
    says: /output topic "out".*Did you mean "outt"/,
    applies: 0,
  },
  {
    title: 'a Topic object is not ready',
    observed: {
      workload: undefined,
      pods: [],
      topicObjects: new Map([['in', topicObject('in', false)]]),
    },
    phase: 'Pending',
    ready: ['False', 'TopicsNotReady'],
    says: /waiting for Topic in: waiting for Kafka/,
    applies: 0,
  },
  {
    title: 'a topic vanishes under a job that runs: pods go on',
    observed: { kafka: kafkaWith(['in']) },
    phase: 'Pending',
    ready: ['False', 'TopicsNotReady'],
    says: /output topic "out"/,
    applies: 3,
  },
  {
    title: 'pods are not there yet',
    observed: { workload: undefined, pods: [] },
    phase: 'Starting',
    ready: ['False', 'NotAvailable'],
    says: /pods are being created/,
  },
  {
    title: 'one of three pods is missing',
    observed: { job: jobWith({ replicas: 3 }), workload: rolledOut(3, 2) },
    phase: 'Starting',
    ready: ['False', 'NotAvailable'],
    says: /2 of 3 pods are ready/,
  },
  {
    title: 'the group rebalances',
    observed: {
      kafka: { ...kafkaWith(['in', 'out']), group: { state: 'PreparingRebalance', members: 2 } },
    },
    phase: 'Starting',
    ready: ['False', 'NotAvailable'],
    says: /PreparingRebalance/,
  },
  {
    title: 'a task restores its state',
    observed: {
      pods: [{ pod: podNamed('fraud-0'), runtime: runtimeWith(['Running', 'Restoring']) }],
    },
    phase: 'Starting',
    ready: ['False', 'NotAvailable'],
    says: /restoring the state of 0_1/,
  },
  {
    title: 'Kafka is out of reach of a pod that starts',
    observed: {
      workload: rolledOut(1, 0),
      pods: [
        {
          pod: podNamed('fraud-0'),
          runtime: runtimeWith([], {
            state: 'Starting',
            lastError: {
              reason: 'Unreachable',
              message: 'no bootstrap server answers',
              at: '2026-01-01T00:00:00Z',
            },
          }),
        },
      ],
    },
    phase: 'Starting',
    ready: ['False', 'NotAvailable'],
    says: /pod fraud-0: no bootstrap server answers/,
  },
  {
    title: 'Kafka denies a pod what it had',
    observed: {
      workload: rolledOut(1, 0),
      pods: [
        {
          pod: podNamed('fraud-0'),
          runtime: runtimeWith(['Running'], {
            lastError: {
              reason: 'TopicAuthorizationFailed',
              message: 'fetch in-0: TOPIC_AUTHORIZATION_FAILED: grant it Read',
              at: '2026-01-01T00:00:00Z',
            },
          }),
        },
      ],
    },
    phase: 'Starting',
    ready: ['False', 'NotAvailable'],
    says: /pod fraud-0: fetch in-0: TOPIC_AUTHORIZATION_FAILED: grant it Read/,
  },
  {
    title: 'a pod crashes again and again',
    observed: { workload: rolledOut(1, 0), pods: [{ pod: crashed }] },
    phase: 'Failed',
    ready: ['False', 'NotAvailable'],
    says: /pod fraud-0: in-0@7 is not JSON/,
  },
  {
    title: 'it is suspended and its pods are gone',
    observed: { job: jobWith({ suspend: true }), workload: rolledOut(0), pods: [] },
    phase: 'Suspended',
    ready: ['True', 'Suspended'],
    says: /suspend is true/,
  },
  {
    title: 'it has no replicas',
    observed: { job: jobWith({ replicas: 0 }), workload: rolledOut(0), pods: [] },
    phase: 'Running',
    ready: ['True', 'Ready'],
    says: /every task runs/,
  },
]

describe('the status of a StreamJob', () => {
  for (const { title, observed, phase, ready, says, applies = 3 } of rows) {
    it(`when ${title}`, () => {
      const { plan, status } = statusOf(observedWith(observed))
      const condition = status.conditions?.find(({ type }) => type === 'Ready')
      expect(status.phase).to.equal(phase)
      expect([condition?.status, condition?.reason]).to.deep.equal(ready)
      expect(condition?.message).to.match(says)
      expect(plan.apply).to.have.length(applies)
    })
  }

  it('is ready with state that is made another way from now on, which is said', () => {
    const applied = configOf(countingAs('counts'))
    const steps = [
      { name: 'counts', from: 'in', groupBy: 'value.card', aggregate: { m: 'count()' } },
    ]
    const { plan, status } = statusOf(
      observedWith({ job: countingAs('counts', { steps }), applied }),
    )
    expect(status.phase).to.equal('Running')
    expect(plan.remade).to.match(
      /^"counts" what it computes was n: count\(\) and is now m: count\(\)/,
    )
    expect(statusOf(observedWith({ job: countingAs('counts'), applied })).plan.remade).to.equal('')
  })

  it('counts tasks, losses and internal topics over all pods', () => {
    const counts = { consumed: 9, produced: 9, skipped: 1, deadLettered: 2, lost: 0 }
    const pods = ['a', 'b'].map((name) => ({
      pod: podNamed(name),
      runtime: runtimeWith(['Running'], { counts, internalTopics: [`n.fraud-${name}-changelog`] }),
    }))
    const job = jobWith({ replicas: 2 })
    job.status = { internalTopics: ['n.fraud-old-changelog'] }
    const { status } = statusOf(observedWith({ job, pods, workload: rolledOut(2) }))
    expect(status).to.include({ tasks: '2/2', skipped: 2, deadLettered: 4 })
    expect(status.internalTopics).to.deep.equal([
      'n.fraud-a-changelog',
      'n.fraud-b-changelog',
      'n.fraud-old-changelog',
    ])
  })

  describe('when records were lost', () => {
    const lossOf = ({ status }: ReturnType<typeof statusOf>) =>
      status.conditions?.find(({ type }) => type === 'DataLoss')
    const losing = runtimeWith(['Running'], {
      counts: { consumed: 9, produced: 9, skipped: 0, deadLettered: 0, lost: 3 },
      losses: [{ topic: 'in', partition: 0, from: 5, to: 7 }],
    })
    const pods = [{ pod: podNamed('fraud-0'), runtime: losing }]
    const seen = jobWith()
    seen.status = { observedGeneration: 2 }
    const lost = statusOf(observedWith({ job: seen, pods }))

    it('names partitions and offsets, and leaves the job ready', () => {
      expect(lossOf(lost)).to.include({
        status: 'True',
        reason: 'RecordsRemoved',
        message: '3 offsets were removed before they were read: in-0 offsets 5 to 7',
      })
      expect(lost.status).to.include({ lost: 3, phase: 'Running' })
    })

    it('tells it of a job that stops at it, with the reason as its last error', () => {
      const said = 'DataLoss: in-0@5 is not in the log'
      const state = { waiting: { reason: 'CrashLoopBackOff' } }
      const lastState = { terminated: { reason: 'Error', exitCode: 1, message: said } }
      const container = { name: 'runtime', ready: false, restartCount: 4, state, lastState }
      const pod = podNamed('fraud-0', { containerStatuses: [container] })
      const failed = statusOf(observedWith({ workload: rolledOut(1, 0), pods: [{ pod }] }))
      const message = 'pod fraud-0: in-0@5 is not in the log'
      expect(lossOf(failed)).to.include({ status: 'True', message })
      expect(failed.status.lastError).to.deep.equal({ reason: 'DataLoss', message })
    })

    it('goes on saying it when pods have started anew, until the spec changes', () => {
      const job = jobWith()
      job.status = lost.status
      expect(lossOf(statusOf(observedWith({ job })))?.message).to.contain('in-0 offsets 5 to 7')
      job.metadata.generation = 3
      expect(lossOf(statusOf(observedWith({ job, pods })))).to.equal(undefined)
    })
  })

  it('keeps the last error until all is well', () => {
    const job = jobWith()
    const lastError = { reason: 'Error', message: 'boom' }
    job.status = { lastError }
    const starting = statusOf(observedWith({ job, workload: rolledOut(1, 0) })).status
    expect(starting.lastError).to.deep.equal(lastError)
    expect(statusOf(observedWith({ job })).status).not.to.have.property('lastError')
  })
})

const stopped = { workload: undefined as never }
const gone = { ...stopped, pods: [] }

describe('the deletion of a StreamJob', () => {
  const deleting = (
    secondsAgo: number,
    policy: string,
    differing: Partial<StreamJobObserved> = {},
  ) => {
    const job = jobWith({ deletionPolicy: policy })
    job.metadata.deletionTimestamp = new Date(NOW - secondsAgo * 1000).toISOString()
    if (policy === 'Delete') job.metadata.finalizers = ['millrace.dev/cleanup']
    return planStreamJob(observedWith({ job, ...differing }), 'millrace:1', NOW)
  }

  const rows = [
    ['ends the pods, which would make the topics again', deleting(1, 'Delete'), 'stop'],
    ['waits until they have ended', deleting(1, 'Delete', stopped), 'wait'],
    ['then takes the internal topics', deleting(1, 'Delete', gone), 'delete'],
    [
      'waits for Kafka',
      deleting(1, 'Delete', {
        ...gone,
        kafka: { reachable: false, reason: 'Unreachable', message: '' },
      }),
      'wait',
    ],
    ['gives up after two minutes', deleting(300, 'Delete'), 'orphan'],
    ['has nothing to do when topics are kept', deleting(1, 'Retain'), 'nothing'],
  ] as const
  for (const [title, plan, cleanUp] of rows) {
    it(title, () => {
      expect(plan).to.deep.include({
        cleanUp,
        apply: [],
        finalizer: ['stop', 'wait'].includes(cleanUp),
      })
    })
  }
})
