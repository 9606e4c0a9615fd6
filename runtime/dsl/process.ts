import type { BranchNode } from '../topology/nodes.ts'
import type {
  Outgoing,
  ProcessNode,
  ProcessorContext,
  RecordProcessor,
} from '../topology/process-node.ts'
import { requireKnown } from './known-options.ts'
import { refuseAsync } from './refuse-async.ts'
import type { StoreOf } from './stores.ts'
import type { Stream, TypedRecord } from './stream.ts'
import { written } from './written.ts'

declare const VALUES: unique symbol

/** An output whose values are of type `W`. */
export interface Values<W> {
  readonly [VALUES]?: W
}

/**
 * What an output of a processor holds: a type, and nothing while the job runs.
 *
 * @example
 * outputs: { alerts: valuesOf<Alert>(), late: valuesOf<Reading>() }
 */
export const valuesOf = <W>(): Values<W> => Object.freeze({})

export type StoresOf = Readonly<Record<string, StoreOf<unknown>>>
export type OutputsOf = Readonly<Record<string, Values<unknown>>>

/** How to process records of values `V`, with stores `S`; `F` forwards. */
export interface ProcessOptions<V, S, F> {
  /** By the names that the processor has for them. Their changelogs are `<applicationId>-<step>.<name>-changelog`. */
  readonly stores?: S
  /** Makes the processor of one task, when its stores are restored. */
  readonly create: (
    context: ProcessorContext<{ readonly [N in keyof S]: Opened<S[N]> }, F>,
  ) => RecordProcessor<TypedRecord<V>>
}

/** To the only output, whose values are `W`. */
export type Forward<W> = (record: Outgoing<W>) => void

/** To one of several outputs, by its name. */
export type ForwardTo<O> = <N extends keyof O & string>(
  record: Outgoing<ValueIn<O[N]>>,
  to: N,
) => void

/** A stream for each output, by its name. */
export type Outputs<O> = { readonly [N in keyof O]: Stream<ValueIn<O[N]>> }

type Opened<S> = S extends StoreOf<infer T> ? T : never
type ValueIn<O> = O extends Values<infer W> ? W : never

/** Options as they are when nobody looks at types any more. */
export interface UntypedOptions {
  readonly stores?: StoresOf
  readonly output?: Values<unknown>
  readonly outputs?: OutputsOf
  readonly create: unknown
}

const OPTIONS: readonly (keyof UntypedOptions)[] = ['stores', 'output', 'outputs', 'create']

/** The node of a processor, and one behind it for each of its outputs. */
export function processNodes(
  name: string,
  parent: string,
  options: UntypedOptions,
): { readonly node: ProcessNode; readonly outputs: ReadonlyMap<string, BranchNode> } {
  requireKnown(`step "${name}"`, options, OPTIONS)
  refuseAsync({ kind: 'process', name }, [options.create])
  const { stores = {}, outputs } = options
  const names = Object.keys(outputs ?? {})
  if (outputs !== undefined && names.length === 0)
    throw new Error(`step "${name}": outputs is empty: name one, or leave it out`)
  const node = written({
    kind: 'process',
    name,
    parent,
    label: '',
    stores: Object.fromEntries(Object.entries(stores).map(([at, { settings }]) => [at, settings])),
    ...(outputs === undefined ? {} : { outputs: names }),
    create: options.create as never,
  } as const)
  return { node, outputs: new Map(names.map((output) => [output, branchNode(name, output)])) }
}

const branchNode = (node: string, output: string): BranchNode =>
  written({ kind: 'branch', name: `${node}.${output}`, parent: node, label: '' } as const)
