import type { KindRef, Kube, KubeObject } from './kube.ts'

/** All objects of a kind in the namespaces that are watched, beyond which the operator has no rights. None: everywhere. */
export async function listWatched<T extends KubeObject>(
  kube: Kube,
  kind: KindRef,
  namespaces: readonly string[],
): Promise<readonly T[]> {
  if (namespaces.length === 0) return (await kube.list<T>(kind)).items
  const lists = await Promise.all(namespaces.map((namespace) => kube.list<T>(kind, { namespace })))
  return lists.flatMap(({ items }) => items)
}
