import type { TopologyNode } from '../topology/nodes.ts'
import type { RepartitionExit, SubTopology } from '../topology/sub-topologies.ts'
import { parentsOf } from '../topology/topology.ts'
import { asBadRecord } from './as-bad-record.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Forward, Processor } from './processor.ts'
import { processorOf, type Wiring } from './processor-of.ts'
import { type TableView, viewOf } from './table-view.ts'

/** What a sub-topology needs from the task around it. */
export interface Surroundings extends Omit<Wiring, 'forward' | 'forwardTo' | 'view'> {
  /** Takes a record that leaves for the repartition topic of the node. */
  readonly repartition: (node: RepartitionExit, record: FlowRecord) => void
  /** The way on from a node, where it may have to wait for the commit. */
  readonly wayFrom: (node: TopologyNode, forward: Forward) => Forward
  /** Counts a record that enters the node. */
  readonly entered: (node: string) => void
}

/** One processor a source topic, with everything behind it wired up. */
export function buildProcessors(
  subTopology: SubTopology,
  surroundings: Surroundings,
): ReadonlyMap<string, Processor> {
  const builder = new Builder(subTopology, surroundings)
  return new Map(
    subTopology.sources.map(({ node, topic }) => {
      const forward = builder.forwardFrom(node)
      return [topic, { process: (record) => (surroundings.entered(node), forward(record)) }]
    }),
  )
}

class Builder {
  readonly #subTopology: SubTopology
  readonly #surroundings: Surroundings
  readonly #built = new Map<string, Processor>()

  constructor(subTopology: SubTopology, surroundings: Surroundings) {
    this.#subTopology = subTopology
    this.#surroundings = surroundings
  }

  /** The way to all children of a node, and to the repartition topics behind it. */
  forwardFrom(name: string): Forward {
    const { nodes, exits } = this.#subTopology
    const processors = [
      ...nodes.filter((node) => isChild(node, name)).map((node) => this.#processorAt(node)),
      ...exits.filter((exit) => exit.parent === name).map((exit) => this.#exit(exit)),
    ]
    const [only] = processors
    if (processors.length === 1 && only !== undefined) return (record) => only.process(record)
    return (record) => {
      for (const processor of processors) processor.process(record)
    }
  }

  /** A branch that nothing takes from is not there. */
  #forwardTo(child: string): Forward {
    const node = this.#subTopology.nodes.find(({ name }) => name === child)
    if (node === undefined) return () => undefined
    const processor = this.#processorAt(node)
    return (record) => processor.process(record)
  }

  #viewOf(table: string): TableView {
    const { store } = this.#surroundings
    const { nodes } = this.#subTopology
    return viewOf(table, { nodes, store })
  }

  /** Once a node, however many ways lead to it. */
  #processorAt(node: TopologyNode): Processor {
    const known = this.#built.get(node.name)
    if (known !== undefined) return known
    const processor = guarded(
      node,
      this.#surroundings.entered,
      processorOf(node, {
        ...this.#surroundings,
        forward: this.#surroundings.wayFrom(node, this.forwardFrom(node.name)),
        forwardTo: (child) => this.#forwardTo(child),
        view: (table) => this.#viewOf(table),
      }),
    )
    this.#built.set(node.name, processor)
    return processor
  }

  /** A record is counted where it comes out of the topic, not where it goes in. */
  #exit(exit: RepartitionExit): Processor {
    const { repartition } = this.#surroundings
    return guarded(exit, () => undefined, { process: (record) => repartition(exit, record) })
  }
}

/**
 * A repartition node belongs to the sub-topology that reads it; where it is a child, records leave by the exits. What is late
 * comes from the aggregate that it was late for.
 */
const isChild = (node: TopologyNode, name: string): boolean =>
  node.kind !== 'repartition' && node.kind !== 'late' && parentsOf(node).includes(name)

/** Whatever goes wrong with a record becomes a `BadRecord` of the node where it went wrong. */
function guarded(
  { name }: TopologyNode,
  entered: Surroundings['entered'],
  processor: Processor,
): Processor {
  return {
    process(record) {
      entered(name)
      try {
        processor.process(record)
      } catch (error) {
        throw asBadRecord(error, name)
      }
    },
  }
}
