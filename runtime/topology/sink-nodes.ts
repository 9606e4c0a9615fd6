import type { OutputConfig } from '../config.ts'
import type { Problem } from '../errors.ts'
import { FieldCompiler } from './field-compiler.ts'
import { fromExpression } from './from-expression.ts'
import type { DynamicSinkNode, SinkNode } from './nodes.ts'

/** The node of an output; none if it is wrong. */
export function sinksOf(
  { from = '', topic, topicFrom, topics, format, keyFormat }: OutputConfig,
  index: number,
  problems: Problem[],
): readonly (SinkNode | DynamicSinkNode)[] {
  const place = { name: `outputs[${index}]`, parent: from }
  const formats = { format, keyFormat }
  if (topic !== undefined) return [{ kind: 'sink', ...place, label: '', topic, ...formats }]
  const compiler = new FieldCompiler(place.name, problems)
  if (topicFrom === undefined || topics === undefined) {
    return compiler.fail('', 'goes nowhere: write topic, or topicFrom and topics')
  }
  const expression = compiler.expression('topicFrom', topicFrom)
  if (expression === undefined) return []
  const topicOf = fromExpression(expression)
  return [{ kind: 'dynamic-sink', ...place, label: topicFrom, topics, topicOf, ...formats }]
}
