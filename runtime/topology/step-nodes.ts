import type { StepConfig } from '../config.ts'
import type { FieldCompiler } from './field-compiler.ts'
import type { BranchNode, SplitNode, TopologyNode } from './nodes.ts'
import { type Operation, operationsOf } from './step-operations.ts'
import { originsOf } from './step-order.ts'
import { isWindowAggregate, lateNode } from './window-nodes.ts'

/** The nodes of one step, in order. The last one bears the step's name, those before it `<step>.<part>`. */
export function nodesOfStep(
  step: StepConfig,
  compiler: FieldCompiler,
  isKeyChanged: (from: string) => boolean,
): TopologyNode[] {
  const operations = operationsOf(step, compiler, originsOf(step).some(isKeyChanged))
  if (operations.length === 0 && !compiler.failed) {
    compiler.fail(
      '',
      `step "${step.name}" does nothing: write filter, map, keyBy or another operation`,
    )
  }
  const nodes = placed(step, operations)
  return [...nodes, ...nodes.flatMap(sideNodes)]
}

/** By which other ways records leave a step. */
function sideNodes(node: TopologyNode): readonly TopologyNode[] {
  if (node.kind === 'split') return branchNodes(node)
  return isWindowAggregate(node) ? [lateNode(node)] : []
}

/** One behind the split for each of its branches. */
export const branchNodes = ({ name, branches }: SplitNode): readonly BranchNode[] =>
  branches.map(({ node }) => ({ kind: 'branch', name: node, parent: name, label: '' }))

function placed(step: StepConfig, operations: readonly Operation[]): TopologyNode[] {
  let parent = step.from
  return operations.map(({ part, ...operation }, index) => {
    const name = index === operations.length - 1 ? step.name : `${step.name}.${part}`
    const node = { ...operation, name, ...('parents' in operation ? {} : { parent }) }
    parent = name
    return node as TopologyNode
  })
}
