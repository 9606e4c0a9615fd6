import type { Op } from './case.ts'
import { resultsOf } from './features.ts'
import type { Key } from './outcome.ts'

/** What the keys of a result are: texts, or texts with a window. */
export type Keys =
  | { readonly kind: 'plain' }
  | { readonly kind: 'window'; readonly size: number }
  | { readonly kind: 'session' }

export const PLAIN: Keys = { kind: 'plain' }
const CHANGING: readonly string[] = ['map', 'flatMap', 'selectKey']

/** By the name of the result. Windows come with an aggregation and go with a new key. */
export function keysOf(ops: readonly Op[]): ReadonlyMap<string, Keys> {
  const keys = new Map<string, Keys>()
  for (const op of ops) {
    const before = 'from' in op && !CHANGING.includes(op.op) ? keys.get(op.from) : undefined
    const after = op.op === 'windowedBy' ? windowKeys(op) : (before ?? PLAIN)
    for (const name of resultsOf(op)) keys.set(name, after)
  }
  return keys
}

function windowKeys({ window }: Op & { readonly op: 'windowedBy' }): Keys {
  if (window.type === 'session') return { kind: 'session' }
  return { kind: 'window', size: window.type === 'sliding' ? window.difference : window.size }
}

/** A key as the test driver shows it; of a time window it does not say the end. */
export function shownKey(keys: Keys = PLAIN, key: unknown): Key {
  if (keys.kind === 'plain') return key as string | null
  const windowed = key as { readonly key: string; readonly start: number; readonly end: number }
  const end = keys.kind === 'window' ? windowed.start + keys.size : windowed.end
  return { key: windowed.key, start: windowed.start, end }
}
