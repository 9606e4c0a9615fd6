import type { StreamJob } from '../crds/index.ts'
import type { KubeObject } from '../operator/kube/kube.ts'
import { admit } from '../operator/local/admit.ts'
import { runtimeConfig } from '../operator/streamjob/desired/runtime-config.ts'
import type { ConfigMap } from '../operator/streamjob/workload.ts'
import { runtimeConfigSchema } from '../runtime/config.ts'
import { topologyOfJob } from '../runtime/job-topology.ts'
import type { TestedJob } from '../runtime/testing/tested-job.ts'
import { FriendlyError } from './friendly-error.ts'
import { loadCode } from './load-code.ts'
import { readManifests } from './manifests.ts'

/** The one job in a file of manifests, or in a folder of them, as its pods would get it. Throws `FriendlyError`. */
export async function manifestJob(path: string): Promise<TestedJob> {
  const objects = readManifests(path)
  try {
    return await jobOf(onlyJobOf(objects), objects)
  } catch (error) {
    throw new FriendlyError(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** A StreamJob as its pods would get it; its code may be among the other objects. Throws what is wrong with it. */
export async function jobOf(
  object: KubeObject,
  objects: readonly KubeObject[],
): Promise<TestedJob> {
  const job = admit(object) as StreamJob
  const config = runtimeConfigSchema.parse(runtimeConfig(job))
  const topology = await topologyOfJob(config, () => loadCode(codeOf(job, objects), config))
  return { config, topology }
}

function onlyJobOf(objects: readonly KubeObject[]): KubeObject {
  const jobs = objects.filter(({ kind }) => kind === 'StreamJob')
  const [job] = jobs
  if (job !== undefined && jobs.length === 1) return job
  const names = jobs.map(({ metadata }) => metadata.name)
  throw new Error(
    job === undefined
      ? 'there is no StreamJob in it'
      : `there are several StreamJobs in it, ${names.join(', ')}: name the file of one`,
  )
}

/** undefined where the code is in an image. */
function codeOf(job: StreamJob, objects: readonly KubeObject[]): string | undefined {
  const { inline, configMapRef } = job.spec.code ?? {}
  if (configMapRef === undefined) return inline
  const { name, key } = configMapRef
  const configMap = objects.find(
    (object): object is ConfigMap =>
      object.kind === 'ConfigMap' &&
      object.metadata.name === name &&
      object.metadata.namespace === job.metadata.namespace,
  )
  const code = configMap?.data?.[key]
  if (code !== undefined) return code
  throw new Error(
    `spec.code.configMapRef: there is neither a ConfigMap "${name}" with the key "${key}" nor a file ${key} beside it`,
  )
}
