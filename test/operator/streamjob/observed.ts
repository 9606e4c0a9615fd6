import { type StreamJob, streamJobSchema, type Topic } from '../../../crds/index.ts'
import type { StreamJobObserved } from '../../../operator/streamjob/observe.ts'
import type { Pod, StatefulSet } from '../../../operator/streamjob/workload.ts'
import type { RuntimeStatus } from '../../../runtime/config.ts'

export const kafka = { bootstrapServers: ['kafka:9092'] }

/** A job from topic `in` to topic `out`. */
export function jobWith(spec: Record<string, unknown> = {}): StreamJob {
  const job = streamJobSchema.parse({
    apiVersion: 'millrace.dev/v1alpha1',
    kind: 'StreamJob',
    metadata: { name: 'fraud', namespace: 'n' },
    spec: {
      kafka,
      inputs: [{ name: 'in', topic: 'in' }],
      steps: [{ name: 'large', from: 'in', filter: 'value.amount > 500' }],
      outputs: [{ from: 'large', topic: 'out' }],
      ...spec,
    },
  }) as StreamJob
  Object.assign(job.metadata, { uid: 'u1', generation: 2 })
  return job
}

export const topicObject = (name: string, ready: boolean): Topic => ({
  apiVersion: 'millrace.dev/v1alpha1',
  kind: 'Topic',
  metadata: { name, namespace: 'n', generation: 1 },
  spec: { kafka, deletionPolicy: 'Retain', deletionTimeout: '5m' },
  status: {
    conditions: [
      {
        type: 'Ready',
        status: ready ? 'True' : 'False',
        reason: ready ? 'Ready' : 'NotSynced',
        message: ready ? '' : 'waiting for Kafka',
        observedGeneration: 1,
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  },
})

export const rolledOut = (replicas: number, readyReplicas = replicas): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'fraud', namespace: 'n', generation: 1 },
  spec: { replicas },
  status: {
    observedGeneration: 1,
    replicas,
    readyReplicas,
    updatedReplicas: replicas,
    currentRevision: 'a',
    updateRevision: 'a',
  },
})

export const podNamed = (name: string, status: Pod['status'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'n' },
  status,
})

export const runtimeWith = (
  states: readonly ('Running' | 'Restoring')[],
  more: Partial<RuntimeStatus> = {},
): RuntimeStatus => ({
  job: { namespace: 'n', name: 'fraud' },
  state: 'Running',
  tasks: states.map((state, partition) => ({
    id: `0_${partition}`,
    state,
    partitions: [],
    restoreRemaining: 0,
  })),
  internalTopics: [],
  counts: { consumed: 0, produced: 0, skipped: 0, deadLettered: 0, lost: 0 },
  losses: [],
  throttledMs: { fetch: 0, produce: 0 },
  snapshots: { written: 0, failed: 0 },
  restored: { snapshot: 0, changelog: 0 },
  stateBytes: {},
  standbys: [],
  nodes: {},
  dropped: {},
  inFlight: {},
  ...more,
})

/** All is well, but for what `differing` says. */
export const observedWith = (differing: Partial<StreamJobObserved> = {}): StreamJobObserved => ({
  job: jobWith(),
  code: {},
  kafka: {
    reachable: true,
    topics: new Set(['in', 'out']),
    others: [],
    group: { state: 'Stable', members: 1 },
    lag: 0,
  },
  topicObjects: new Map(),
  workload: rolledOut(1),
  pods: [{ pod: podNamed('fraud-0'), runtime: runtimeWith(['Running']) }],
  ...differing,
})
