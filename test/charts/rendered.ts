/** The fields of rendered objects that tests read, of whatever kind: an object has those that its kind has. */
export interface Rendered {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Metadata
  readonly spec: Spec
  readonly data: Readonly<Record<string, string>>
  readonly rules: readonly Rule[]
  readonly roleRef: { readonly kind: string; readonly name: string }
  readonly subjects: readonly { readonly name: string; readonly namespace: string }[]
}

export interface Metadata {
  readonly name: string
  readonly namespace?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

export interface Spec {
  readonly replicas: number
  readonly serviceName: string
  readonly podManagementPolicy: string
  readonly clusterIP?: string
  readonly publishNotReadyAddresses?: boolean
  readonly maxUnavailable: number
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
  readonly template: { readonly metadata: Metadata; readonly spec: PodSpec }
  readonly volumeClaimTemplates: readonly {
    readonly spec: {
      readonly storageClassName?: string
      readonly resources: { readonly requests: { readonly storage: string } }
    }
  }[]
}

export interface PodSpec {
  readonly serviceAccountName: string
  readonly automountServiceAccountToken: boolean
  readonly securityContext: object
  readonly terminationGracePeriodSeconds: number
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly object[]
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value?: string }[]
  readonly resources: { readonly requests: object; readonly limits: object }
  readonly securityContext: object
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly startupProbe: Probe
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
}

export interface Probe {
  readonly exec?: { readonly command: readonly string[] }
  readonly httpGet?: { readonly path: string; readonly port: string }
  readonly periodSeconds: number
  readonly failureThreshold: number
}

/** The one object of that kind, and name where a chart has several. */
export function one(objects: readonly Rendered[], kind: string, name?: string): Rendered {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  )
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(`expected one ${kind} ${name ?? ''}, found ${found.length}`)
  }
  return found[0]
}

export function workloads(objects: readonly Rendered[]): readonly Rendered[] {
  return objects.filter(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment')
}

/** The first container of the chart's one workload. */
export function container(objects: readonly Rendered[]): Container {
  const first = workloads(objects)[0]?.spec.template.spec.containers[0]
  if (first === undefined) throw new Error('no workload was rendered')
  return first
}

/** The lines `key=value` of a properties file. */
export function properties(text: string | undefined): Readonly<Record<string, string>> {
  const entries = (text ?? '')
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
  return Object.fromEntries(entries)
}
