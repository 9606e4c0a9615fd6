import type { StreamJob } from '../../../crds/index.ts'
import { HTTP_PORT, ownedBy, selectorLabels, serviceName } from './names.ts'

/** Headless: gives each pod a name. */
export const service = (job: StreamJob) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: ownedBy(job, serviceName(job)),
  spec: {
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector: selectorLabels(job),
    ports: [{ name: 'http', port: HTTP_PORT, protocol: 'TCP' }],
  },
})
