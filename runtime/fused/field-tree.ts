/** The fields of values that a job reads, each path once, and the slots they are read into. */
export class FieldTree {
  readonly #root: Branch = { children: new Map() }
  #slots = 0

  get slots(): number {
    return this.#slots
  }

  /** The slot of a path such as `['card', 'country']`, and of every name on the way: the last one is the field's. */
  slotsOf(path: readonly string[]): readonly number[] {
    let { children } = this.#root
    return path.map((name) => {
      const known = children.get(name) ?? { slot: this.#slots++, children: new Map() }
      children.set(name, known)
      children = known.children
      return known.slot
    })
  }

  /**
   * The nodes as `kernel/scan-json.ts` reads them, five numbers each, those of the value's own fields first. `place` stores a
   * name and returns its address.
   */
  nodes(place: (name: Buffer) => number): number[] {
    const nodes: number[] = []
    layOut(this.#root, nodes, place)
    return nodes.length > 0 ? nodes : NO_FIELD
  }
}

interface Branch {
  readonly children: Map<string, Branch & { readonly slot: number }>
}

const NODE_SIZE = 5
/** The kernel begins at the first node: one that no name is like. */
const NO_FIELD = [0, -1, -1, -1, 0]

function layOut({ children }: Branch, nodes: number[], place: (name: Buffer) => number): number {
  if (children.size === 0) return -1
  const first = nodes.length / NODE_SIZE
  const entries = [...children]
  nodes.push(...entries.flatMap(() => Array.from({ length: NODE_SIZE }, () => 0)))
  entries.forEach(([name, branch], index) => {
    const bytes = Buffer.from(name, 'utf8')
    const next = index + 1 < entries.length ? first + index + 1 : -1
    const child = layOut(branch, nodes, place)
    const node = [place(bytes), bytes.length, child, next, branch.slot]
    nodes.splice((first + index) * NODE_SIZE, NODE_SIZE, ...node)
  })
  return first
}
