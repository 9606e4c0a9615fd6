import type { TopologyNode } from '../topology/nodes.ts'
import { storesOf } from '../topology/stores.ts'

/** An input by the name that the manifest gives it; its topic and format come from there. */
export interface InputNode {
  readonly kind: 'input'
  readonly name: string
}

export type JobNode = InputNode | TopologyNode

const JOB = Symbol.for('millrace.job')

/** A job as data: what a TypeScript job file exports. */
export interface Job {
  readonly [JOB]: true
  readonly nodes: readonly JobNode[]
}

/** Something that ends in a topic. */
export interface Output {
  readonly nodes: readonly JobNode[]
}

/**
 * Puts the outputs of a job together. Streams that share a part share its nodes.
 *
 * @example
 * export default job(stream('payments').filter('large', ({ value }) => value.amount > 500).to('large-payments'))
 */
export function job(...outputs: readonly Output[]): Job {
  const nodes: JobNode[] = []
  for (const node of outputs.flatMap((output) => output.nodes)) {
    const same = nodes.find(({ name }) => name === node.name)
    if (same === undefined) nodes.push(node)
    else if (same !== node && !(same.kind === 'input' && node.kind === 'input')) {
      throw new Error(`two steps are named "${node.name}": each step has a name of its own`)
    }
  }
  refuseSharedNames(nodes)
  return Object.freeze({ [JOB]: true as const, nodes: Object.freeze(nodes) })
}

/** Two stores of one name would write to one changelog. */
function refuseSharedNames(nodes: readonly JobNode[]): void {
  const names = nodes.flatMap((node) =>
    node.kind === 'input' ? [] : storesOf(node).map(({ name }) => name),
  )
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return
  throw new Error(`two steps have a store named "${twice}": give one of the steps another name`)
}

export const isJob = (value: unknown): value is Job =>
  typeof value === 'object' && value !== null && (value as Partial<Job>)[JOB] === true
