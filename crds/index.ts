import type { StreamJobSpec, StreamJobStatus } from './streamjob.ts'
import type { TopicSpec, TopicStatus } from './topic.ts'

export { API_VERSION, GROUP, MAX_OBJECT_NAME } from './definition.ts'
export type { Condition, ConditionType, ReasonOf } from './conditions.ts'
export { durationMs } from './fields.ts'
export { credentialKeys, type CredentialKey, type CredentialUse, type KafkaSpec } from './kafka.ts'
export { topicsOfOutput } from './pipeline.ts'
export { streamJobSchema, type StreamJobSpec, type StreamJobStatus } from './streamjob.ts'
export { topicSchema, type TopicSpec, type TopicStatus } from './topic.ts'

interface Metadata {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  finalizers?: string[]
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

export interface StreamJob {
  apiVersion: string
  kind: string
  metadata: Metadata
  spec: StreamJobSpec
  status?: StreamJobStatus
}

export interface Topic {
  apiVersion: string
  kind: string
  metadata: Metadata
  spec: TopicSpec
  status?: TopicStatus
}
