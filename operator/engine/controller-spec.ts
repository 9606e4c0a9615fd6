import type { KindRef, KubeObject } from '../kube/kube.ts'

/** The name of an object; queues carry nothing else, so that every run reads the world anew. */
export interface Key {
  readonly namespace: string
  readonly name: string
}

export const keyText = ({ namespace, name }: Key): string => `${namespace}/${name}`

export interface Watch {
  readonly kind: KindRef
  readonly labelSelector?: string
  /** Whom a change of this object concerns. */
  readonly keysOf: (object: KubeObject) => readonly Key[]
}

/** When to come back although nothing changed; nothing: only on a change. */
export interface Next {
  readonly againMs?: number
}

/** One kind: what wakes it, and what to do. */
export interface ControllerSpec {
  readonly name: string
  readonly watches: readonly Watch[]
  /** Idempotent; throws to be repeated with back-off. */
  readonly reconcile: (key: Key) => Promise<Next>
}

export const keyOf = ({ metadata }: KubeObject): Key => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
})

/** The key of the owner of that kind, if the object has one. */
export const ownerKey = (object: KubeObject, kind: string): readonly Key[] =>
  (object.metadata.ownerReferences ?? [])
    .filter((owner) => owner.kind === kind)
    .map(({ name }) => ({ namespace: object.metadata.namespace ?? '', name }))
