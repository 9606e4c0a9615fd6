import type { Code } from './code.ts'

/** A record on its way: what has become of its key and value. `own` is as it came. */
export interface Flow {
  readonly key: 'own' | Code
  readonly value: 'own' | ReadonlyMap<string, Code>
}
