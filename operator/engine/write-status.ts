import { isDeepStrictEqual } from 'node:util'
import type { Kube, KubeObject } from '../kube/kube.ts'

interface WithStatus extends KubeObject {
  status?: object
}

/** Writes the status only if it says something new: a cluster at rest sees no writes. */
export async function writeStatus(
  kube: Kube,
  object: WithStatus,
  status: object,
): Promise<boolean> {
  if (isDeepStrictEqual(withoutUndefined(object.status ?? {}), withoutUndefined(status)))
    return false
  const { apiVersion, kind, metadata } = object
  await kube.applyStatus<WithStatus>({
    apiVersion,
    kind,
    metadata: {
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    },
    status,
  })
  return true
}

const withoutUndefined = (value: object): unknown => JSON.parse(JSON.stringify(value))
