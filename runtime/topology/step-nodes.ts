import type { StepConfig } from '../config.ts'
import type { FieldCompiler } from './field-compiler.ts'
import { nodesOfJoin } from './join-steps.ts'
import type { BranchNode, SplitNode, TopologyNode } from './nodes.ts'
import { keyChanged } from './repartitioning.ts'
import { type Operation, operationsOf } from './step-operations.ts'
import { originsOf } from './step-order.ts'
import { joinedTableNodes, keptAsTable, tableOperationsOf } from './table-steps.ts'

/** What a step is built upon. */
export interface StepScope {
  readonly compiler: FieldCompiler
  /** All that is there already. */
  readonly nodes: readonly TopologyNode[]
  /** The inputs and steps that are tables. */
  readonly tables: ReadonlySet<string>
  readonly globalTables: ReadonlySet<string>
}

/** A step over a table gives a table, and so does one that says so; an aggregate gives the stream of its updates. */
export const givesTable = (step: StepConfig, { tables }: Pick<StepScope, 'tables'>): boolean =>
  step.as === undefined
    ? step.groupBy === undefined && takesTable(step, tables)
    : step.as === 'Table'

const takesTable = (step: StepConfig, tables: ReadonlySet<string>): boolean =>
  originsOf(step).some((origin) => tables.has(origin))

/** The nodes of one step, in order. The last one bears the step's name, those before it `<step>.<part>`. */
export function nodesOfStep(step: StepConfig, scope: StepScope): readonly TopologyNode[] {
  const { compiler, tables } = scope
  const isOfTable = takesTable(step, tables)
  if (step.join !== undefined) {
    return isOfTable
      ? joinedTableNodes(step, step.join, scope)
      : nodesOfJoin(step, step.join, scope)
  }
  const operations = isOfTable ? tableOperationsOf(step, compiler) : ofStream(step, scope)
  if (operations.length === 0 && !compiler.failed) {
    compiler.fail(
      '',
      `step "${step.name}" does nothing: write filter, map, keyBy or another operation`,
    )
  }
  const nodes = placed(step, operations)
  return [...nodes, ...nodes.flatMap((node) => (node.kind === 'split' ? branchNodes(node) : []))]
}

function ofStream(step: StepConfig, { compiler, nodes }: StepScope): readonly Operation[] {
  const isKeyChanged = originsOf(step).some((origin) => keyChanged(nodes, origin))
  return [
    ...operationsOf(step, compiler, isKeyChanged),
    ...keptAsTable(step, compiler, isKeyChanged),
  ]
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
