import type { StreamJob } from '../../../crds/index.ts'
import { CONFIG_FILE, configHash } from './config-map.ts'
import { kafkaVolumeMounts, kafkaVolumes } from './kafka-files.ts'
import { CONFIG_HASH, configMapName, HTTP_PORT, labels, selectorLabels } from './names.ts'
import { memoryEnv } from './pod-memory.ts'
import { memoryBytes } from './quantity.ts'
import { CODE_DIR, CODE_FILE, STATE_DIR } from './runtime-config.ts'

const CONFIG_DIR = '/etc/millrace'
const USER = 65532
const GRACE_SECONDS = 30

export interface PodFacts {
  /** Image of pods that name none. */
  readonly defaultImage: string
  /** The job's TypeScript file, when it does not come with the image. */
  readonly code: string | undefined
}

export const podTemplate = (job: StreamJob, facts: PodFacts) => ({
  metadata: {
    labels: labels(job),
    annotations: { [CONFIG_HASH]: configHash(job, facts.code) },
  },
  spec: {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: [spreadOverNodes(job)],
    containers: [container(job, facts)],
    volumes: [
      { name: 'tmp', emptyDir: {} },
      { name: 'state', emptyDir: {} },
      {
        name: 'config',
        configMap: { name: configMapName(job), items: [{ key: CONFIG_FILE, path: CONFIG_FILE }] },
      },
      ...(facts.code === undefined
        ? []
        : [
            {
              name: 'code',
              configMap: { name: configMapName(job), items: [{ key: CODE_FILE, path: CODE_FILE }] },
            },
          ]),
      ...kafkaVolumes(job.spec.kafka),
    ],
  },
})

const spreadOverNodes = (job: StreamJob) => ({
  maxSkew: 1,
  topologyKey: 'kubernetes.io/hostname',
  whenUnsatisfiable: 'ScheduleAnyway',
  labelSelector: { matchLabels: selectorLabels(job) },
})

const container = (job: StreamJob, { defaultImage, code }: PodFacts) => ({
  name: 'runtime',
  image: job.spec.image ?? defaultImage,
  imagePullPolicy: job.spec.imagePullPolicy,
  args: ['run', '--config', `${CONFIG_DIR}/${CONFIG_FILE}`],
  env: [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...memoryVariables(job),
  ],
  ports: [{ name: 'http', containerPort: HTTP_PORT, protocol: 'TCP' }],
  startupProbe: probe('/healthz', { periodSeconds: 1, failureThreshold: 60 }),
  livenessProbe: probe('/healthz', { periodSeconds: 10, failureThreshold: 3 }),
  readinessProbe: probe('/readyz', { periodSeconds: 2, failureThreshold: 3 }),
  ...(job.spec.resources === undefined ? {} : { resources: job.spec.resources }),
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
  volumeMounts: [
    { name: 'tmp', mountPath: '/tmp' },
    { name: 'state', mountPath: STATE_DIR },
    {
      name: 'config',
      mountPath: `${CONFIG_DIR}/${CONFIG_FILE}`,
      subPath: CONFIG_FILE,
      readOnly: true,
    },
    ...(code === undefined ? [] : [{ name: 'code', mountPath: CODE_DIR, readOnly: true }]),
    ...kafkaVolumeMounts(job.spec.kafka),
  ],
})

const probe = (
  path: string,
  timing: { readonly periodSeconds: number; readonly failureThreshold: number },
) => ({
  httpGet: { path, port: 'http' },
  timeoutSeconds: 5,
  ...timing,
})

/** Without a limit there is nothing to keep to. */
function memoryVariables({ spec }: StreamJob) {
  const limit = memoryBytes(spec.resources?.limits?.memory)
  if (limit === undefined) return []
  return Object.entries(memoryEnv(limit, spec.threads)).map(([name, value]) => ({ name, value }))
}
