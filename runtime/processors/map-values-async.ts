import type { MapValuesAsyncNode } from '../topology/nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

export const mapValuesAsyncProcessor = (
  node: MapValuesAsyncNode,
  { later, forward }: Pick<Wiring, 'later' | 'forward'>,
): Processor => later(node, (record, answer) => forward(record.withValue(answer)))
