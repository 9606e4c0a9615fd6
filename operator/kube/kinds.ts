import type { KindRef } from './kube.ts'

/** The kinds we speak of, with the plural that their URL has. */
const plurals: Readonly<Record<string, string>> = {
  'millrace.dev/v1alpha1 StreamJob': 'streamjobs',
  'millrace.dev/v1alpha1 Topic': 'topics',
  'apps/v1 StatefulSet': 'statefulsets',
  'v1 ConfigMap': 'configmaps',
  'v1 Secret': 'secrets',
  'v1 Service': 'services',
  'v1 Pod': 'pods',
  'events.k8s.io/v1 Event': 'events',
  'coordination.k8s.io/v1 Lease': 'leases',
}

export const kinds = {
  streamJob: { apiVersion: 'millrace.dev/v1alpha1', kind: 'StreamJob' },
  topic: { apiVersion: 'millrace.dev/v1alpha1', kind: 'Topic' },
  statefulSet: { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  configMap: { apiVersion: 'v1', kind: 'ConfigMap' },
  secret: { apiVersion: 'v1', kind: 'Secret' },
  service: { apiVersion: 'v1', kind: 'Service' },
  pod: { apiVersion: 'v1', kind: 'Pod' },
  event: { apiVersion: 'events.k8s.io/v1', kind: 'Event' },
  lease: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
} as const satisfies Readonly<Record<string, KindRef>>

/**
 * `/apis/apps/v1/namespaces/n/statefulsets/x`. Names come from specs: one with a slash stays a name, and leads nowhere else.
 * Throws on a kind that is not in the table.
 */
export function resourcePath(
  { apiVersion, kind }: KindRef,
  namespace?: string,
  name?: string,
): string {
  const plural = plurals[`${apiVersion} ${kind}`]
  if (plural === undefined) throw new Error(`no URL is known for ${apiVersion} ${kind}`)
  return [
    apiVersion.includes('/') ? '/apis' : '/api',
    apiVersion,
    ...(namespace === undefined ? [] : ['namespaces', encodeURIComponent(namespace)]),
    plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
  ].join('/')
}
