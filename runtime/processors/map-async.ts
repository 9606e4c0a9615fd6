import type { MapAsyncNode } from '../topology/nodes.ts'
import type { KeyValue } from '../topology/record.ts'
import { keyAndValueOf } from './answers.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

export const mapAsyncProcessor = (
  node: MapAsyncNode,
  { later, forward }: Pick<Wiring, 'later' | 'forward'>,
): Processor =>
  later(node, (record, answer) => {
    const { key, value } = keyAndValueOf(answer as KeyValue)
    forward(record.withKey(key).withValue(value))
  })
