import { asyncText } from '../topology/node-labels.ts'
import type { AsyncNode } from '../topology/nodes.ts'
import { requireKnown } from './known-options.ts'

/** How much an async step may have under way. */
export interface AsyncOptions {
  /** Calls at a time, in each task: 1 to 1000; 16 unless given. */
  readonly concurrency?: number
  /** How long one call may take before its record is a bad one: 1 to 600 000 ms; 30 000 unless given. */
  readonly timeoutMs?: number
}

const bounds: Readonly<
  Record<keyof AsyncOptions, { readonly max: number; readonly otherwise: number }>
> = {
  concurrency: { max: 1000, otherwise: 16 },
  timeoutMs: { max: 600_000, otherwise: 30_000 },
}

/** Throws what is wrong with the options: nobody has checked the types of a job before it runs. */
function boundsOf(step: string, options: AsyncOptions): Required<AsyncOptions> {
  requireKnown(`step "${step}"`, options, Object.keys(bounds))
  const bound = (name: keyof AsyncOptions) => {
    const { max, otherwise } = bounds[name]
    const value = options[name] ?? otherwise
    if (Number.isInteger(value) && value >= 1 && value <= max) return value
    throw new Error(
      `step "${step}": ${name} is a whole number from 1 to ${max}, not ${String(value)}`,
    )
  }
  return { concurrency: bound('concurrency'), timeoutMs: bound('timeoutMs') }
}

/** A step whose function answers later, but for its place. Throws what is wrong with the options. */
export function asyncNode<K extends AsyncNode['kind']>(
  kind: K,
  name: string,
  mapper: unknown,
  options: AsyncOptions,
) {
  const limits = boundsOf(name, options)
  return { kind, name, label: asyncText(limits), mapper: mapper as never, ...limits }
}
