import type { WindowConfig } from '../config.ts'
import type { EmitStrategy } from '../topology/window-nodes.ts'
import { requireStrategy } from './emission.ts'
import { requireKnown } from './known-options.ts'

/** Which windows an aggregate has: what `tumbling`, `hopping`, `sliding` and `session` return. Durations are text: `1h30m`. */
export type Windows = Readonly<WindowConfig>

export interface WindowOptions {
  /** For how long after its end a window takes records that come late, by stream time; not at all unless given. */
  readonly grace?: string
  /**
   * `OnCommit`: of a window that changed the last value before each commit; `OnClose`: one value for each window, once it
   * takes no more records; `OnUpdate` unless given.
   */
  readonly emit?: EmitStrategy
}

/** Windows of one size, one after the other. */
export const tumbling = (size: string, options: WindowOptions = {}): Windows =>
  windows('tumbling', size, options)

/** Windows of one size that overlap: the next begins `every` so often. */
export const hopping = (
  size: string,
  options: WindowOptions & { readonly every: string },
): Windows => windows('hopping', size, options, ['every'])

/** For any records of a key that are at most so far apart there is a window that holds them. */
export const sliding = (difference: string, options: WindowOptions = {}): Windows =>
  windows('sliding', difference, options)

/** A window lasts as long as no gap between its records is longer than this. */
export const session = (gap: string, options: WindowOptions = {}): Windows =>
  windows('session', gap, options)

const strategies: readonly EmitStrategy[] = ['OnUpdate', 'OnCommit', 'OnClose']

function windows(
  kind: 'tumbling' | 'hopping' | 'sliding' | 'session',
  size: string,
  options: WindowOptions,
  more: readonly string[] = [],
): Windows {
  requireKnown(`a ${kind} window`, options, ['grace', 'emit', ...more])
  requireStrategy(`a ${kind} window emits`, options.emit, strategies)
  return { [kind]: size, ...options }
}
