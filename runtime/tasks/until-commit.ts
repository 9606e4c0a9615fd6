import type { FlowRecord } from '../processors/flow-record.ts'
import { type Held, HeldUpdates } from '../processors/held-updates.ts'
import type { Forward, Processor } from '../processors/processor.ts'
import type { AggregateNode, TopologyNode } from '../topology/nodes.ts'

/** Of one aggregate in one task. Once there are as many, they go on before the commit. */
const MAX_HELD = 50_000

interface Holder {
  /** The node's place in the topology, where parents come before their children. */
  readonly place: number
  readonly updates: Held
  readonly forward: Forward
}

/** An update whose time has come, and how it goes on. */
interface Released extends Processor {
  readonly record: FlowRecord
}

/** What the aggregates of a task that emit `OnCommit` hold until then: in memory alone, as the offsets of its records are. */
export class UntilCommit {
  readonly #nodes: readonly TopologyNode[]
  readonly #rowsOf: ((node: AggregateNode) => Held) | undefined
  /** By their place. */
  readonly #holders: Holder[] = []
  #undo: (() => void)[] = []

  /** `rowsOf`: where programs take the records, what they hold of a node. */
  constructor(nodes: readonly TopologyNode[], rowsOf?: (node: AggregateNode) => Held) {
    this.#nodes = nodes
    this.#rowsOf = rowsOf
  }

  /** The way on from the node: `forward` itself where nothing waits. */
  wayFrom(node: TopologyNode, forward: Forward): Forward {
    if (!('emit' in node) || node.emit !== 'OnCommit') return forward
    const rowsOf = node.kind === 'aggregate' ? this.#rowsOf : undefined
    const updates = rowsOf?.(node as AggregateNode) ?? new HeldUpdates()
    this.#holders.push({ place: this.#nodes.indexOf(node), updates, forward })
    this.#holders.sort((a, b) => a.place - b.place)
    return (record) => void this.#undo.push(updates.hold(record))
  }

  /** True once so many wait that they should wait no longer. */
  get isFull(): boolean {
    return this.#holders.some(({ updates }) => updates.count >= MAX_HELD)
  }

  accept(): void {
    if (this.#undo.length > 0) this.#undo.length = 0
  }

  get mark(): number {
    return this.#undo.length
  }

  rollback(mark = 0): void {
    for (const undo of this.#undo.splice(mark).reverse()) undo()
  }

  /** All that wait, those first that make others wait, until none is left. */
  *release(): Iterable<Released> {
    const next = () => this.#holders.find(({ updates }) => updates.count > 0)
    for (let holder = next(); holder !== undefined; holder = next()) {
      const { updates, forward } = holder
      for (const record of updates.take()) yield { record, process: forward }
    }
  }
}
