import { Unavailable } from '../errors.ts'
import type { Kube } from './kube.ts'

/** Reads always, writes only while `allowed`: checked before each write, since a pause may have cost us the lease. */
export function onlyWhile(kube: Kube, allowed: () => boolean): Kube {
  const write = async <T>(act: () => Promise<T>): Promise<T> => {
    if (allowed()) return act()
    throw new Unavailable('this operator does not hold the lease: nothing was written')
  }
  return {
    get: (ref) => kube.get(ref),
    list: (kind, options) => kube.list(kind, options),
    watch: (kind, options) => kube.watch(kind, options),
    apply: (object) => write(() => kube.apply(object)),
    applyStatus: (object) => write(() => kube.applyStatus(object)),
    create: (object) => write(() => kube.create(object)),
    replace: (object) => write(() => kube.replace(object)),
    delete: (ref, options) => write(() => kube.delete(ref, options)),
    setFinalizer: (ref, finalizer, present) =>
      write(() => kube.setFinalizer(ref, finalizer, present)),
  }
}
