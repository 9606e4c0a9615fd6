/**
 * What the operator asks of a Kubernetes API server. Implemented by `client.ts` on @kubernetes/client-node and by
 * `operator/local/memory-kube.ts` for dev mode; one contract suite runs on both.
 */
export interface Kube {
  /** undefined when there is no such object. */
  get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined>
  /** One page; pass `continue` back for the next. */
  list<T extends KubeObject>(kind: KindRef, options?: ListOptions): Promise<ObjectList<T>>
  /**
   * One watch connection: calls `onEvent` for each event until the server, the network or `signal` ends it.
   * Resolves when the server closed it in order; throws `Expired` when the resource version is too old.
   */
  watch<T extends KubeObject>(kind: KindRef, options: WatchOptions<T>): Promise<void>
  /** Server-side apply with our field manager, forced: the fields named in `object` are ours. */
  apply<T extends KubeObject>(object: T): Promise<T>
  /** Server-side apply of `status` alone. */
  applyStatus<T extends KubeObject>(object: T): Promise<T>
  /** Throws `AlreadyExists`. */
  create<T extends KubeObject>(object: T): Promise<T>
  /** Full update; `metadata.resourceVersion` is the precondition. Throws `Conflict`. */
  replace<T extends KubeObject>(object: T): Promise<T>
  /** Resolves also when the object is gone already. Dependents are removed in the background. */
  delete(ref: ObjectRef, options?: { readonly uid?: string }): Promise<void>
  /** Adds or removes one finalizer, re-reading on conflict; a missing object is no error. */
  setFinalizer(ref: ObjectRef, finalizer: string, present: boolean): Promise<void>
}

export interface KindRef {
  readonly apiVersion: string
  readonly kind: string
}

export interface ObjectRef extends KindRef {
  /** undefined for cluster-scoped kinds. */
  readonly namespace?: string
  readonly name: string
}

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    generation?: number
    creationTimestamp?: string
    deletionTimestamp?: string
    finalizers?: string[]
    labels?: Record<string, string>
    annotations?: Record<string, string>
    ownerReferences?: OwnerReference[]
  }
}

export interface ListOptions {
  /** undefined: all namespaces. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly limit?: number
  readonly continue?: string
}

export interface ObjectList<T> {
  readonly items: T[]
  readonly resourceVersion: string
  readonly continue?: string
}

export interface WatchOptions<T> {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly resourceVersion: string
  readonly signal: AbortSignal
  readonly onEvent: (event: WatchEvent<T>) => void
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: T
}
