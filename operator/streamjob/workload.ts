import type { KubeObject } from '../kube/kube.ts'

/** The parts of Kubernetes' own objects that we read. */

export interface StatefulSet extends KubeObject {
  spec?: { replicas?: number }
  status?: {
    observedGeneration?: number
    replicas?: number
    readyReplicas?: number
    updatedReplicas?: number
    currentRevision?: string
    updateRevision?: string
  }
}

export interface Pod extends KubeObject {
  status?: {
    phase?: string
    podIP?: string
    conditions?: { type: string; status: string; reason?: string; message?: string }[]
    containerStatuses?: ContainerStatus[]
  }
}

export interface ContainerStatus {
  name: string
  ready: boolean
  restartCount: number
  state?: { waiting?: { reason?: string; message?: string } }
  lastState?: { terminated?: { reason?: string; message?: string; exitCode?: number } }
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>
}

/** All pods are of the spec as the workload has it now. */
export function isRolledOut(workload: StatefulSet | undefined): boolean {
  if (workload?.status === undefined) return false
  const { observedGeneration, currentRevision, updateRevision, replicas = 0 } = workload.status
  const seen = observedGeneration === workload.metadata.generation
  return seen && currentRevision === updateRevision && replicas === (workload.spec?.replicas ?? 0)
}
