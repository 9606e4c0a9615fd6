import type { RepartitionNode, TopologyNode } from './nodes.ts'
import { lineageOf, type Topology } from './topology.ts'

/**
 * Whether records without key go through a topic, too: a left or outer join further on lets them pass, so they must reach it,
 * as Kafka Streams has it (KIP-962). Who subscribes for a foreign key that is null wants to hear that there is nothing.
 */
export const keepsNullKeys = ({ name, carries }: RepartitionNode, { nodes }: Topology): boolean =>
  carries === 'subscriptions' ||
  nodes.some((node) => passesNullKeys(node) && lineageOf(nodes, node.name).has(name))

const passesNullKeys = (node: TopologyNode): boolean =>
  (node.kind === 'stream-join' || node.kind === 'table-join' || node.kind === 'global-join') &&
  node.type !== 'Inner'
