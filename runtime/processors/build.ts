import { BadRecord } from '../errors.ts'
import { SerdeFault } from '../serde/serde-fault.ts'
import type { KeyValueStore } from '../state/store.ts'
import type { SinkNode, TopologyNode } from '../topology/nodes.ts'
import type { RepartitionExit, SubTopology } from '../topology/sub-topologies.ts'
import { parentOf } from '../topology/topology.ts'
import { aggregateProcessor } from './aggregate.ts'
import { filterProcessor } from './filter.ts'
import type { FlowRecord } from './flow-record.ts'
import { mapValuesProcessor } from './map-values.ts'
import type { Forward, Processor } from './processor.ts'
import { selectKeyProcessor } from './select-key.ts'

/** What a sub-topology needs from the task around it. */
export interface Surroundings {
  readonly store: (name: string) => KeyValueStore
  /** Takes a record that leaves for an output topic. Throws `SerdeFault` if it cannot be written. */
  readonly sink: (node: SinkNode, record: FlowRecord) => void
  /** Takes a record that leaves for the repartition topic of the node. */
  readonly repartition: (node: RepartitionExit, record: FlowRecord) => void
  /** Counts a record that enters the node. */
  readonly entered: (node: string) => void
}

/** One processor a source topic, with everything behind it wired up. */
export function buildProcessors(
  subTopology: SubTopology,
  surroundings: Surroundings,
): ReadonlyMap<string, Processor> {
  const childrenOf = (name: string) =>
    subTopology.nodes.filter((node) => node.kind !== 'repartition' && parentOf(node) === name)

  /** Repartition nodes belong to the sub-topology that reads them; here they are where the records leave. */
  const build = (node: TopologyNode): Processor =>
    guarded(node, surroundings, processorFor(node, surroundings, forwardTo(node.name)))

  const forwardTo = (name: string): Forward => {
    const processors = [
      ...childrenOf(name).map(build),
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

function processorFor(
  node: TopologyNode,
  { store, sink }: Surroundings,
  forward: Forward,
): Processor {
  switch (node.kind) {
    case 'filter':
      return filterProcessor(node, forward)
    case 'map-values':
      return mapValuesProcessor(node, forward)
    case 'select-key':
      return selectKeyProcessor(node, forward)
    case 'aggregate':
      return aggregateProcessor(node, store(node.name), forward)
    case 'sink':
      return { process: (record) => sink(node, record) }
    case 'source':
    case 'repartition':
      return { process: forward }
  }
}

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
