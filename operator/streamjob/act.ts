import { createHash } from 'node:crypto'
import type { StreamJob } from '../../crds/index.ts'
import type { KafkaAdmin } from '../kafka/kafka-admin.ts'
import type { Kube, KubeObject } from '../kube/kube.ts'
import { applicationIdOf } from './desired/names.ts'

const APPLIED = 'millrace.dev/applied'

/**
 * Applies what differs. Each object carries the hash of what we applied: an equal hash on an object of equal generation
 * means that nobody, we included, has changed what we own.
 */
export async function applyAll(objects: readonly KubeObject[], kube: Kube): Promise<void> {
  for (const object of objects) await applyOne(object, kube)
}

async function applyOne(object: KubeObject, kube: Kube): Promise<void> {
  const hash = createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 16)
  const { apiVersion, kind, metadata } = object
  const { name, namespace } = metadata
  const live = await kube.get({
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  })
  if (live?.metadata.annotations?.[APPLIED] === hash && containsAll(live, object)) return
  const annotations = { ...metadata.annotations, [APPLIED]: hash }
  await kube.apply({ ...object, metadata: { ...metadata, annotations } })
}

/** Whether `live` says all that `wanted` says; what the API server adds by default does not count. */
function containsAll(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(live) &&
      live.length === wanted.length &&
      wanted.every((item, i) => containsAll(live[i], item))
    )
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof live !== 'object' || live === null) return false
    return Object.entries(wanted).every(([key, value]) =>
      containsAll((live as Record<string, unknown>)[key], value),
    )
  }
  return live === wanted || wanted === undefined
}

/**
 * Deletes the internal topics and the group of a job that is gone. Topics by name, never by prefix: those of job "a-b"
 * begin with "a-" too.
 */
export async function cleanUp(job: StreamJob, admin: KafkaAdmin): Promise<void> {
  for (const topic of job.status?.internalTopics ?? []) await admin.deleteTopic(topic)
  await admin.deleteGroup(applicationIdOf(job))
}
