import { hint } from '../platform/did-you-mean.ts'
import type { UpdateStrategy } from '../topology/nodes.ts'
import type { EmitStrategy } from '../topology/window-nodes.ts'
import { requireKnown } from './known-options.ts'

export interface AggregateOptions {
  /** `OnCommit`: of a key that changed the last value before each commit; `OnUpdate`, each value, unless given. */
  readonly emit?: UpdateStrategy
}

const either = new Intl.ListFormat('en-GB', { type: 'disjunction' })
const strategies: readonly UpdateStrategy[] = ['OnUpdate', 'OnCommit']

/** What the options say of an aggregate's node. Throws what they cannot say: nobody has checked the types of a job before. */
export function emission(name: string, options: AggregateOptions): AggregateOptions {
  requireKnown(`the aggregate "${name}"`, options, ['emit'])
  const { emit } = options
  requireStrategy(`the aggregate "${name}" emits`, emit, strategies)
  return emit === undefined ? {} : { emit }
}

export function requireStrategy(
  subject: string,
  emit: EmitStrategy | undefined,
  known: readonly EmitStrategy[],
): void {
  if (emit === undefined || known.includes(emit)) return
  throw new Error(
    `${subject} ${either.format(known)}, not ${JSON.stringify(emit)}.${hint(String(emit), known)}`,
  )
}
