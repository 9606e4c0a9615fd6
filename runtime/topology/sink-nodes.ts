import type { OutputConfig } from '../config.ts'
import type { Problem } from '../errors.ts'
import { FieldCompiler } from './field-compiler.ts'
import { fromExpression } from './from-expression.ts'
import type { DynamicSinkNode, SinkNode, TopologyNode } from './nodes.ts'
import { requireWindowKeys } from './windowed.ts'

/** The node of an output; none if it is wrong. */
export function sinksOf(
  { from = '', topic, topicFrom, topics, format, keyFormat, windowedKey }: OutputConfig,
  around: {
    readonly index: number
    readonly nodes: readonly TopologyNode[]
    readonly problems: Problem[]
  },
): readonly (SinkNode | DynamicSinkNode)[] {
  const place = { name: `outputs[${around.index}]`, parent: from }
  const compiler = new FieldCompiler(place.name, around.problems)
  const windows = windowedKey
    ? compiler.attempt('windowedKey', () => requireWindowKeys(around.nodes, from))
    : undefined
  const formats = { format, keyFormat, ...(windows && { windows }) }
  if (topic !== undefined) return [{ kind: 'sink', ...place, label: '', topic, ...formats }]
  if (topicFrom === undefined || topics === undefined) {
    return compiler.fail('', 'goes nowhere: write topic, or topicFrom and topics')
  }
  const expression = compiler.expression('topicFrom', topicFrom)
  if (expression === undefined) return []
  const topicOf = fromExpression(expression)
  return [{ kind: 'dynamic-sink', ...place, label: topicFrom, topics, topicOf, ...formats }]
}
