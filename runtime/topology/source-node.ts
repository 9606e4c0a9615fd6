import type { InputConfig } from '../config.ts'
import type { Problem } from '../errors.ts'
import { durationMs } from './duration.ts'
import { FieldCompiler } from './field-compiler.ts'
import { fromExpression } from './from-expression.ts'
import type { SourceNode, SourceTime } from './nodes.ts'

/** One a input, in their order. */
export const sourceNodes = (
  inputs: readonly InputConfig[],
  problems: Problem[],
): readonly SourceNode[] =>
  inputs.map((input, index) => sourceNode(input, new FieldCompiler(`inputs[${index}]`, problems)))

function sourceNode(input: InputConfig, compiler: FieldCompiler): SourceNode {
  const { name, topic, format, keyFormat, startFrom, generator } = input
  const time = timeOf(input, compiler)
  return {
    ...{ kind: 'source', name, topic, format, keyFormat, startFrom },
    ...(generator && { generator }),
    ...(time && { time }),
  }
}

/** undefined: records bear their time, and any will do. */
function timeOf(
  { eventTime, maxTimeAdvance }: InputConfig,
  compiler: FieldCompiler,
): SourceTime | undefined {
  if (eventTime === undefined && maxTimeAdvance === undefined) return undefined
  const expression = compiler.expression('eventTime', eventTime)
  const maxAdvanceMs =
    maxTimeAdvance === undefined
      ? undefined
      : compiler.attempt('maxTimeAdvance', () => durationMs(maxTimeAdvance))
  return {
    ...(expression && { eventTime: fromExpression(expression) }),
    ...(maxAdvanceMs !== undefined && { maxAdvanceMs }),
  }
}
