import { Unavailable } from '../errors.ts'
import type { Kube } from './kube.ts'

/** Reads always, writes only while `allowed`: checked before each write, since a pause may have cost us the lease. */
export function onlyWhile(kube: Kube, allowed: () => boolean): Kube {
  const guarded =
    <Args extends unknown[], T>(write: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      if (!allowed())
        throw new Unavailable('this operator does not hold the lease: nothing was written')
      return write(...args)
    }
  return {
    get: (ref) => kube.get(ref),
    list: (kind, options) => kube.list(kind, options),
    watch: (kind, options) => kube.watch(kind, options),
    apply: guarded((object) => kube.apply(object)) as Kube['apply'],
    applyStatus: guarded((object) => kube.applyStatus(object)) as Kube['applyStatus'],
    create: guarded((object) => kube.create(object)) as Kube['create'],
    replace: guarded((object) => kube.replace(object)) as Kube['replace'],
    delete: guarded((ref, options) => kube.delete(ref, options)),
    setFinalizer: guarded((ref, finalizer, present) => kube.setFinalizer(ref, finalizer, present)),
  }
}
