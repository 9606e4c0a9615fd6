import type { Branch } from '../topology/nodes.ts'
import { branchNodes } from '../topology/step-nodes.ts'
import type { JobNode } from './job.ts'
import { refuseAsync } from './refuse-async.ts'
import { Stream, type TypedRecord } from './stream.ts'
import { written } from './written.ts'

/** A stream for each branch, by its name. */
export type Branches<V, N extends string> = Readonly<Record<N, Stream<V>>>

/** A stream that is being split; `otherwise` or `dropOthers` ends it. */
export class Split<V, N extends string = never> {
  readonly #nodes: readonly JobNode[]
  readonly #parent: string
  readonly #name: string
  readonly #branches: ReadonlyMap<string, Branch>

  /** Use `stream.split(name)`. */
  constructor(
    nodes: readonly JobNode[],
    parent: string,
    name: string,
    branches: ReadonlyMap<string, Branch> = new Map(),
  ) {
    this.#nodes = nodes
    this.#parent = parent
    this.#name = name
    this.#branches = branches
  }

  /** Takes the records for which `predicate` is true, of those that no earlier branch has taken. */
  branch<B extends string>(
    name: B,
    predicate: (record: TypedRecord<V>) => boolean,
  ): Split<V, N | B> {
    refuseAsync({ kind: 'split', name: this.#name }, [predicate])
    return new Split(this.#nodes, this.#parent, this.#name, this.#with(name, predicate))
  }

  /** Takes the records that no other branch has taken, and ends the split. */
  otherwise<B extends string>(name: B): Branches<V, N | B> {
    return this.#end(this.#with(name))
  }

  /** Ends the split; records that no branch has taken go nowhere. */
  dropOthers(): Branches<V, N> {
    return this.#end(this.#branches)
  }

  #with(name: string, predicate?: unknown): ReadonlyMap<string, Branch> {
    if (this.#branches.has(name)) {
      throw new Error(`the split "${this.#name}" has two branches named "${name}"`)
    }
    const branch = {
      node: `${this.#name}.${name}`,
      ...(predicate === undefined ? {} : { predicate }),
    }
    return new Map([...this.#branches, [name, branch as Branch]])
  }

  #end<M extends string>(branches: ReadonlyMap<string, Branch>): Branches<V, M> {
    const split = written({
      kind: 'split',
      name: this.#name,
      parent: this.#parent,
      label: [...branches.keys()].join(', '),
      branches: [...branches.values()],
    } as const)
    const names = [...branches.keys()]
    const streams = branchNodes(split).map(
      (node, index) =>
        [names[index], new Stream<V>([...this.#nodes, split, written(node)], node.name)] as const,
    )
    return Object.fromEntries(streams) as Branches<V, M>
  }
}
