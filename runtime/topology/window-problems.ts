import type { Problem } from '../errors.ts'
import type { WindowKeys } from '../serde/window-key.ts'
import type { TopologyNode } from './nodes.ts'
import type { Topology } from './topology.ts'
import { windowKeysAt } from './windowed.ts'

/** What asks for a row by a key alone, or by another window, of a table that has one row a key and window. */
export const windowProblems = ({ nodes }: Topology): readonly Problem[] =>
  nodes.flatMap((node) => {
    const message = checks[node.kind]?.(node as never, (name) => windowKeysAt(nodes, name))
    return message === undefined ? [] : [{ path: `"${userNameOf(node)}"`, message }]
  })

const NEW_KEY = 'make the window part of the key first, by map or keyBy'

type WindowsOf = (node: string) => WindowKeys | undefined
type Check<K extends TopologyNode['kind']> = (
  node: Extract<TopologyNode, { kind: K }>,
  windowsOf: WindowsOf,
) => string | undefined

const byForeignKey = ({ parent }: { readonly parent: string }, windowsOf: WindowsOf) =>
  windowsOf(parent) && `joins by a foreign key, which windows have not: ${NEW_KEY}`

const checks: { readonly [K in TopologyNode['kind']]?: Check<K> } = {
  'to-table': ({ parent }, windowsOf) =>
    windowsOf(parent) && `keeps one row a key, not one a window: ${NEW_KEY}`,
  'foreign-key-subscribe': byForeignKey,
  'foreign-key-answer': byForeignKey,
  'table-join': problemOfJoin,
  // Of both sides the same would be said.
  'table-table-join': (node, windowsOf) =>
    node.side === 'left' ? problemOfJoin(node, windowsOf) : undefined,
}

function problemOfJoin(
  {
    kind,
    parent,
    reads: [other],
  }: Extract<TopologyNode, { kind: 'table-join' | 'table-table-join' }>,
  windowsOf: WindowsOf,
): string | undefined {
  const [own, theirs] = [windowsOf(parent), windowsOf(other)]
  // A record of a window has a key as well, by which a table of plain keys knows it.
  const finds = kind === 'table-join' && theirs === undefined
  if (finds || shown(own) === shown(theirs)) return undefined
  return `joins ${shown(own)} with ${shown(theirs)}, and no row of one is the other's: aggregate both by the same window`
}

function shown(windows: WindowKeys | undefined): string {
  if (windows === undefined) return 'rows of no window'
  return windows.kind === 'session' ? 'sessions' : `windows of ${windows.sizeMs} ms`
}

const userNameOf = ({ name }: TopologyNode): string =>
  name.replace(/\.(left|subscribe|answer|table)$/, '')
