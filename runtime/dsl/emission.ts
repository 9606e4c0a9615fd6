import type { UpdateStrategy } from '../topology/nodes.ts'
import { requireKnown } from './known-options.ts'

export interface AggregateOptions {
  /** `OnCommit`: of a key that changed the last value before each commit; `OnUpdate`, each value, unless given. */
  readonly emit?: UpdateStrategy
}

const strategies: readonly UpdateStrategy[] = ['OnUpdate', 'OnCommit']

/** What the options say of an aggregate's node. Throws what they cannot say: nobody has checked the types of a job before. */
export function emission(name: string, options: AggregateOptions): AggregateOptions {
  requireKnown(`the aggregate "${name}"`, options, ['emit'])
  const { emit } = options
  if (emit === undefined) return {}
  if (strategies.includes(emit)) return { emit }
  throw new Error(
    `the aggregate "${name}" emits ${strategies.join(' or ')}, not ${JSON.stringify(emit)}`,
  )
}
