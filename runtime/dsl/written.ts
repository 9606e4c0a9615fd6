import type { JobNode } from './job.ts'

/** Which of the nodes of a job file was written before which. */
const places = new WeakMap<JobNode, number>()
let last = 0

/** Freezes a node and takes note of its place, behind all that were written before it. */
export function written<N extends JobNode>(node: N): Readonly<N> {
  places.set(node, ++last)
  return Object.freeze(node)
}

/**
 * Inputs first, then the others as they were written: a record goes to the children of a node in this order, as in Kafka
 * Streams. So a stream meets a table that was written before it after the record's own update of that table.
 */
export const asWritten = (nodes: readonly JobNode[]): readonly JobNode[] =>
  nodes.toSorted((a, b) => placeOf(a) - placeOf(b))

function placeOf(node: JobNode): number {
  const place = node.kind === 'input' ? 0 : places.get(node)
  if (place === undefined) throw new Error(`the place of step "${node.name}" was not noted`)
  return place
}
