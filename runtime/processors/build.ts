import { BadRecord } from '../errors.ts'
import { SerdeFault } from '../serde/serde-fault.ts'
import type { RepartitionNode, TopologyNode } from '../topology/nodes.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { parentsOf } from '../topology/topology.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Forward, Processor } from './processor.ts'
import { processorOf, type Wiring } from './processor-of.ts'

/** What a sub-topology needs from the task around it. */
export interface Surroundings extends Omit<Wiring, 'forward'> {
  /** Takes a record that leaves for the repartition topic of the node. */
  readonly repartition: (node: RepartitionNode, record: FlowRecord) => void
  /** Counts a record that enters the node. */
  readonly entered: (node: string) => void
}

/** One processor a source topic, with everything behind it wired up. */
export function buildProcessors(
  subTopology: SubTopology,
  surroundings: Surroundings,
): ReadonlyMap<string, Processor> {
  const built = new Map<string, Processor>()

  /** Once a node, however many ways lead to it. */
  const processorAt = (node: TopologyNode): Processor => {
    const known = built.get(node.name)
    if (known !== undefined) return known
    const wiring = { ...surroundings, forward: forwardTo(node.name) }
    const processor = guarded(node, surroundings, processorOf(node, wiring))
    built.set(node.name, processor)
    return processor
  }

  const forwardTo = (name: string): Forward => {
    const processors = [
      ...subTopology.nodes.filter((node) => isChild(node, name)).map(processorAt),
      ...subTopology.exits
        .filter((exit) => exit.parent === name)
        .map((exit) =>
          guarded(exit, surroundings, { process: (r) => surroundings.repartition(exit, r) }),
        ),
    ]
    const [only] = processors
    if (processors.length === 1 && only !== undefined) return (record) => only.process(record)
    return (record) => {
      for (const processor of processors) processor.process(record)
    }
  }

  return new Map(
    subTopology.sources.map(({ node, topic }) => {
      const forward = forwardTo(node)
      return [topic, { process: (record) => (surroundings.entered(node), forward(record)) }]
    }),
  )
}

/** A repartition node belongs to the sub-topology that reads it; where it is a child, records leave by the exits. */
const isChild = (node: TopologyNode, name: string): boolean =>
  node.kind !== 'repartition' && parentsOf(node).includes(name)

/** Whatever goes wrong with a record becomes a `BadRecord` of the node where it went wrong. */
function guarded(node: TopologyNode, { entered }: Surroundings, processor: Processor): Processor {
  return {
    process(record) {
      entered(node.name)
      try {
        processor.process(record)
      } catch (error) {
        throw error instanceof BadRecord ? error : asBadRecord(error, node.name)
      }
    },
  }
}

function asBadRecord(error: unknown, node: string): BadRecord {
  const message = error instanceof Error ? error.message : String(error)
  const reason =
    error instanceof SerdeFault ? error.reason : error instanceof Error ? error.name : 'Thrown'
  return new BadRecord(reason, node, message, { cause: error })
}
