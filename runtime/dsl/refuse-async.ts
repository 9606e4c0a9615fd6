import { isAsyncFunction } from '../topology/async-function.ts'
import type { TopologyNode } from '../topology/nodes.ts'

const twins: Partial<Record<TopologyNode['kind'], string>> = {
  map: 'mapAsync',
  'map-values': 'mapValuesAsync',
}

/** An async function answers with a promise, which would be written as `{}` or taken for true. Throws then. */
export function refuseAsync(
  { kind, name }: Pick<TopologyNode, 'kind' | 'name'>,
  functions: readonly unknown[],
): void {
  if (!functions.some(isAsyncFunction)) return
  const twin = twins[kind]
  const instead = twin === undefined ? 'let mapValuesAsync before it wait' : `use ${twin}`
  throw new Error(
    `the function of step "${name}" is async, where a step answers at once: ${instead}`,
  )
}
