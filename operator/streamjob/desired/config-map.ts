import { createHash } from 'node:crypto'
import type { StreamJob } from '../../../crds/index.ts'
import { configMapName, ownedBy } from './names.ts'
import { CODE_FILE, runtimeConfig } from './runtime-config.ts'

export const CONFIG_FILE = 'config.json'

/** The rendered configuration, and the code of the job when it is given with it. */
export const configMap = (job: StreamJob, code: string | undefined) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: ownedBy(job, configMapName(job)),
  data: {
    [CONFIG_FILE]: JSON.stringify(runtimeConfig(job), undefined, 2),
    ...(code === undefined ? {} : { [CODE_FILE]: code }),
  },
})

/** Changes when a pod would have to start anew to see what changed. */
export const configHash = (job: StreamJob, code: string | undefined): string =>
  createHash('sha256')
    .update(JSON.stringify(configMap(job, code).data))
    .digest('hex')
    .slice(0, 16)
