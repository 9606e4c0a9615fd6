import * as k8s from '@pulumi/kubernetes'

/** A namespace that refuses pods which ask for more than the restricted Pod Security Standard gives. */
export function restrictedNamespace(name: string): k8s.core.v1.Namespace {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  return new k8s.core.v1.Namespace(name, { metadata: { name, labels } })
}
