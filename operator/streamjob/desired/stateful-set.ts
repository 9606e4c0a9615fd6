import type { StreamJob } from '../../../crds/index.ts'
import { ownedBy, selectorLabels, serviceName, workloadName } from './names.ts'
import { type PodFacts, podTemplate } from './pod-template.ts'

/** Stable pod names are what makes members of the group static. */
export const statefulSet = (job: StreamJob, facts: PodFacts) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: ownedBy(job, workloadName(job)),
  spec: {
    replicas: job.spec.suspend ? 0 : job.spec.replicas,
    serviceName: serviceName(job),
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: selectorLabels(job) },
    template: podTemplate(job, facts),
  },
})
