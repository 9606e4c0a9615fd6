import { type StreamJob, type Topic, topicsOfOutput } from '../../crds/index.ts'
import type { RuntimeConfig, RuntimeStatus } from '../../runtime/config.ts'
import type { Key } from '../engine/controller-spec.ts'
import {
  type KafkaAdminFor,
  type KafkaGroup,
  type Unreachable,
  unreachable,
} from '../kafka/kafka-admin.ts'
import { kinds } from '../kube/kinds.ts'
import type { Kube, KubeObject } from '../kube/kube.ts'
import { listWatched } from '../kube/list-watched.ts'
import {
  applicationIdOf,
  configMapName,
  selectorText,
  serviceName,
  workloadName,
} from './desired/names.ts'
import type { ReadPodStatus } from './pod-status.ts'
import { appliedConfig } from './state-change.ts'
import type { ConfigMap, Pod, StatefulSet } from './workload.ts'

/** All that decisions about one StreamJob rest on, read once. */
export interface StreamJobObserved {
  readonly job: StreamJob
  readonly code: CodeView
  /** An older job with the same applicationId on the same Kafka, as namespace/name. */
  readonly rival?: string
  readonly kafka: KafkaView
  /** Topic objects of the namespace, by the name of their topic in Kafka. */
  readonly topicObjects: ReadonlyMap<string, Topic>
  readonly workload?: StatefulSet
  /** What the pods were last given; unset also where nobody minds what becomes of the job's state. */
  readonly applied?: RuntimeConfig
  /** An object that bears a name we would need and is not the job's, such as `Service "fraud"`. */
  readonly foreign?: string
  readonly pods: readonly PodView[]
}

export interface PodView {
  readonly pod: Pod
  readonly runtime?: RuntimeStatus
}

/** The TypeScript file of the job, unless it comes with the image or there is none. */
export type CodeView = { readonly text?: string } | { readonly missing: string }

export type KafkaView =
  | {
      readonly reachable: true
      /** Those that exist, of the topics of the job. */
      readonly topics: ReadonlySet<string>
      /** All that exist, only when one is missing: to find what was meant. */
      readonly others: readonly string[]
      readonly group?: KafkaGroup
      readonly lag?: number
    }
  | Unreachable

export interface ObserveDeps {
  readonly kube: Kube
  readonly kafka: KafkaAdminFor
  /** Those that are watched; empty: all. */
  readonly namespaces: readonly string[]
  readonly readPodStatus: ReadPodStatus
  /** False: a job may lose its state by a change, as one may whose Kafka is in memory. */
  readonly guardsState: boolean
}

export async function observeStreamJob(
  key: Key,
  deps: ObserveDeps,
): Promise<StreamJobObserved | undefined> {
  const { kube, kafka } = deps
  const job = await kube.get<StreamJob>({ ...kinds.streamJob, ...key })
  if (job === undefined) return undefined
  const { namespace } = key
  const [code, rival, topics, owned, pods, view] = await Promise.all([
    readCode(job, kube),
    job.status?.applicationId === undefined ? findRival(job, deps) : undefined,
    kube.list<Topic>(kinds.topic, { namespace }),
    readOwned(job, deps),
    readPods(job, deps),
    lookAtKafka(job, kafka),
  ])
  return {
    job,
    code,
    ...(rival === undefined ? {} : { rival }),
    kafka: view,
    topicObjects: new Map(
      topics.items.map((topic) => [topic.spec.topicName ?? topic.metadata.name, topic]),
    ),
    ...owned,
    pods,
  }
}

/** The objects under the names that we give to those of the job. */
async function readOwned(
  job: StreamJob,
  { kube, guardsState }: ObserveDeps,
): Promise<Pick<StreamJobObserved, 'workload' | 'foreign' | 'applied'>> {
  const { namespace = '', uid } = job.metadata
  const [workload, service, configMap] = await Promise.all([
    kube.get<StatefulSet>({ ...kinds.statefulSet, namespace, name: workloadName(job) }),
    kube.get({ ...kinds.service, namespace, name: serviceName(job) }),
    kube.get<ConfigMap>({ ...kinds.configMap, namespace, name: configMapName(job) }),
  ])
  const isOurs = ({ metadata }: KubeObject) =>
    metadata.ownerReferences?.some((owner) => owner.uid === uid) === true
  const foreign = [workload, service, configMap].find(
    (object) => object !== undefined && !isOurs(object),
  )
  const applied = guardsState ? appliedConfig(configMap) : undefined
  return {
    ...(applied === undefined ? {} : { applied }),
    ...(workload === undefined || !isOurs(workload) ? {} : { workload }),
    ...(foreign === undefined ? {} : { foreign: `${foreign.kind} "${foreign.metadata.name}"` }),
  }
}

/** The topics that must be there before the job starts. */
export function topicsOf({
  spec,
}: StreamJob): readonly { name: string; role: 'Input' | 'Output' | 'DeadLetter' }[] {
  return [
    ...spec.inputs.map(({ topic }) => ({ name: topic, role: 'Input' as const })),
    ...spec.outputs.flatMap(topicsOfOutput).map((name) => ({ name, role: 'Output' as const })),
    ...(spec.deadLetterTopic === undefined
      ? []
      : [{ name: spec.deadLetterTopic, role: 'DeadLetter' as const }]),
  ]
}

async function readCode({ spec, metadata }: StreamJob, kube: Kube): Promise<CodeView> {
  const { inline, configMapRef } = spec.code ?? {}
  if (inline !== undefined) return { text: inline }
  if (configMapRef === undefined) return {}
  const { name, key } = configMapRef
  const found = await kube.get<ConfigMap>({
    ...kinds.configMap,
    namespace: metadata.namespace ?? '',
    name,
  })
  if (found === undefined)
    return { missing: `ConfigMap "${name}" does not exist in namespace ${metadata.namespace}` }
  const text = found.data?.[key]
  if (text !== undefined) return { text }
  const keys = Object.keys(found.data ?? {}).join(', ')
  return { missing: `ConfigMap "${name}" has no key "${key}"; it has ${keys || 'none'}` }
}

async function findRival(
  job: StreamJob,
  { kube, namespaces }: ObserveDeps,
): Promise<string | undefined> {
  const jobs = await listWatched<StreamJob>(kube, kinds.streamJob, namespaces)
  const rival = jobs.find(
    (other) =>
      other.metadata.uid !== job.metadata.uid &&
      applicationIdOf(other) === applicationIdOf(job) &&
      other.spec.kafka.bootstrapServers.some((server) =>
        job.spec.kafka.bootstrapServers.includes(server),
      ) &&
      (other.status?.applicationId !== undefined || age(other) < age(job)),
  )
  return rival === undefined ? undefined : `${rival.metadata.namespace}/${rival.metadata.name}`
}

const age = ({ metadata }: StreamJob): string => `${metadata.creationTimestamp} ${metadata.uid}`

async function readPods(job: StreamJob, { kube, readPodStatus }: ObserveDeps): Promise<PodView[]> {
  const { items } = await kube.list<Pod>(kinds.pod, {
    namespace: job.metadata.namespace,
    labelSelector: selectorText(job),
  })
  return Promise.all(
    items.map(async (pod) => {
      const runtime = await readPodStatus(pod)
      return runtime === undefined ? { pod } : { pod, runtime }
    }),
  )
}

async function lookAtKafka(job: StreamJob, kafka: KafkaAdminFor): Promise<KafkaView> {
  const names = topicsOf(job).map(({ name }) => name)
  try {
    const admin = await kafka(job)
    const topics = new Set((await admin.describeTopics(names)).keys())
    const complete = names.every((name) => topics.has(name))
    if (!complete) return { reachable: true, topics, others: await admin.listTopics('') }
    const groupId = applicationIdOf(job)
    const group = await admin.describeGroup(groupId)
    // Threads read global tables outside of the group, which has no offsets of them.
    const ofGroup = job.spec.inputs.filter(({ as }) => as !== 'GlobalTable')
    const lag = await admin.lag(groupId, [...new Set(ofGroup.map(({ topic }) => topic))])
    return { reachable: true, topics, others: [], lag, ...(group === undefined ? {} : { group }) }
  } catch (error) {
    return unreachable(error)
  }
}
