import type { StreamJob } from '../../../crds/index.ts'

/** Every name, label and annotation that we give to the objects of a job. */

export const JOB_LABEL = 'millrace.dev/job'
export const CONFIG_HASH = 'millrace.dev/config-hash'

export const HTTP_PORT = 8080

export const workloadName = ({ metadata }: StreamJob): string => metadata.name
export const configMapName = ({ metadata }: StreamJob): string => `${metadata.name}-config`
export const serviceName = ({ metadata }: StreamJob): string => metadata.name

/** The group and the prefix of internal topics, unless the spec names one. */
export const applicationIdOf = ({ spec, metadata }: StreamJob): string =>
  spec.applicationId ?? `${metadata.namespace}.${metadata.name}`

/** What never changes over the life of a job: selectors are made of these. */
export const selectorLabels = ({ metadata }: StreamJob): Record<string, string> => ({
  'app.kubernetes.io/name': 'millrace-job',
  [JOB_LABEL]: metadata.name,
})

export const labels = (job: StreamJob): Record<string, string> => ({
  ...selectorLabels(job),
  'app.kubernetes.io/instance': job.metadata.name,
  'app.kubernetes.io/component': 'runtime',
  'app.kubernetes.io/part-of': 'millrace',
  'app.kubernetes.io/managed-by': 'millrace-operator',
})

export const selectorText = (job: StreamJob): string =>
  Object.entries(selectorLabels(job))
    .map(([name, value]) => `${name}=${value}`)
    .join(',')

/** Metadata of an object that lives and dies with the job. */
export const ownedBy = (job: StreamJob, name: string) => ({
  name,
  namespace: job.metadata.namespace ?? '',
  labels: labels(job),
  ownerReferences: [
    {
      apiVersion: job.apiVersion,
      kind: job.kind,
      name: job.metadata.name,
      uid: job.metadata.uid ?? '',
      controller: true,
      blockOwnerDeletion: true,
    },
  ],
})
