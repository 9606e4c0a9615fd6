import type { TopologyNode } from '../topology/nodes.ts'
import { storesOf } from '../topology/stores.ts'
import { asWritten } from './written.ts'

/** An input by the name that the manifest gives it; its topic and format come from there. */
export interface InputNode {
  readonly kind: 'input'
  readonly name: string
  /** Unset: a stream. */
  readonly as?: 'Table' | 'GlobalTable'
  /** Of a table: how far back it knows what was. */
  readonly historyMs?: number
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
    else if (same !== node) requireSameInput(same, node)
  }
  refuseSharedNames(nodes)
  return Object.freeze({ [JOB]: true as const, nodes: Object.freeze(asWritten(nodes)) })
}

/** Two ways to write down one input are one. */
function requireSameInput(one: JobNode, other: JobNode): void {
  const { name } = one
  if (one.kind !== 'input' || other.kind !== 'input')
    throw new Error(`two steps are named "${name}": each step has a name of its own`)
  if (one.as !== other.as || one.historyMs !== other.historyMs) {
    throw new Error(
      `the input "${name}" is read in two ways: use one of stream, table and globalTable; table("${name}").toStream() has the updates of a table`,
    )
  }
}

/** Two stores of one name would write to one changelog. */
function refuseSharedNames(nodes: readonly JobNode[]): void {
  const names = nodes.flatMap((node) =>
    node.kind === 'input' ? [] : storesOf(node, () => 'Json').map(({ name }) => name),
  )
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return
  throw new Error(`two steps have a store named "${twice}": give one of the steps another name`)
}

export const isJob = (value: unknown): value is Job =>
  typeof value === 'object' && value !== null && (value as Partial<Job>)[JOB] === true
