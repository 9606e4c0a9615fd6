/** One rule of a Role, as the chart renders it. */
export interface PolicyRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

/** All that the operator does in a namespace it watches. The chart's rules are compared with this list. */
export const permissions: readonly PolicyRule[] = [
  {
    apiGroups: ['millrace.dev'],
    resources: ['streamjobs', 'topics'],
    verbs: ['get', 'list', 'watch', 'patch'],
  },
  {
    apiGroups: ['millrace.dev'],
    resources: ['streamjobs/status', 'topics/status'],
    verbs: ['patch'],
  },
  // Needed where the API server checks who may set blockOwnerDeletion.
  {
    apiGroups: ['millrace.dev'],
    resources: ['streamjobs/finalizers', 'topics/finalizers'],
    verbs: ['update'],
  },
  {
    apiGroups: ['apps'],
    resources: ['statefulsets'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  },
  {
    apiGroups: [''],
    resources: ['services', 'configmaps'],
    verbs: ['get', 'list', 'watch', 'create', 'patch'],
  },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
  // What `spec.kafka` names, by name: whoever can list Secrets can read them all.
  { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
]
