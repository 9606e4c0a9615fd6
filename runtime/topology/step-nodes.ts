import type { StepConfig } from '../config.ts'
import type { Problem } from '../errors.ts'
import { type Aggregator, compileAggregator } from '../expr/aggregator.ts'
import { compile, type Expression } from '../expr/compile.ts'
import { EvaluationFault } from '../expr/expression-error.ts'
import { recordEnvironment } from '../expr/record-environment.ts'
import type { RecordFunction, TopologyNode, ValueMapper } from './nodes.ts'
import type { StreamRecord } from './record.ts'

/** What a node is before the step has given it its name and parent. */
type Operation = { readonly part: string; readonly label: string } & (
  | { readonly kind: 'filter'; readonly predicate: RecordFunction<boolean> }
  | { readonly kind: 'map-values'; readonly mapper: ValueMapper }
  | { readonly kind: 'select-key'; readonly selector: RecordFunction<unknown> }
  | { readonly kind: 'repartition' }
  | {
      readonly kind: 'aggregate'
      readonly initializer: () => unknown
      readonly aggregator: (state: unknown, record: StreamRecord) => unknown
      readonly result: (state: unknown) => unknown
    }
)

/**
 * The nodes of one step, in order: filter, map, keyBy; or filter, then key, repartition and aggregate. The last one bears
 * the step's name, those before it `<step>.<part>`.
 */
export function nodesOfStep(
  step: StepConfig,
  path: string,
  problems: Problem[],
  isKeyChanged: (from: string) => boolean,
): TopologyNode[] {
  const compiler = new StepCompiler(path, problems)
  const operations = [
    ...compiler.filter(step),
    ...compiler.map(step),
    ...compiler.keyBy(step),
    ...compiler.aggregate(step, isKeyChanged(step.from)),
  ]
  if (operations.length === 0 && !compiler.failed) {
    problems.push({
      path,
      message: `step "${step.name}" does nothing: write filter, map, keyBy or groupBy`,
    })
  }
  return named(step, operations)
}

function named(step: StepConfig, operations: readonly Operation[]): TopologyNode[] {
  let parent = step.from
  return operations.map((operation, index) => {
    const { part, ...rest } = operation
    const name = index === operations.length - 1 ? step.name : `${step.name}.${part}`
    const node = {
      ...rest,
      name,
      parent,
      ...(rest.kind === 'repartition' ? { stem: step.name } : {}),
    }
    parent = name
    return node as TopologyNode
  })
}

class StepCompiler {
  failed = false
  readonly #path: string
  readonly #problems: Problem[]

  constructor(path: string, problems: Problem[]) {
    this.#path = path
    this.#problems = problems
  }

  filter({ filter }: StepConfig): Operation[] {
    const condition = this.#expression('filter', filter)
    if (condition === undefined || filter === undefined) return []
    const predicate = (record: StreamRecord) => {
      const answer = condition.evaluate(record)
      if (typeof answer === 'boolean') return answer
      throw new EvaluationFault(`a filter answers true or false, not ${JSON.stringify(answer)}`)
    }
    const compiled = Object.assign(predicate, { expression: condition })
    return [{ kind: 'filter', part: 'filter', label: filter, predicate: compiled }]
  }

  map({ map }: StepConfig): Operation[] {
    if (map === undefined) return []
    const fields = Object.entries(map).flatMap(([name, source]) => {
      const expression = this.#expression(`map.${name}`, source)
      return expression === undefined ? [] : [[name, expression] as const]
    })
    const mapper = (record: StreamRecord) =>
      Object.fromEntries(fields.map(([name, expression]) => [name, expression.evaluate(record)]))
    const label = Object.keys(map).join(', ')
    return [{ kind: 'map-values', part: 'map', label, mapper: Object.assign(mapper, { fields }) }]
  }

  keyBy({ keyBy }: StepConfig): Operation[] {
    return this.#selectKey('keyBy', keyBy)
  }

  aggregate({ groupBy, aggregate }: StepConfig, isKeyChanged: boolean): Operation[] {
    if (groupBy === undefined && aggregate === undefined) return []
    if (groupBy === undefined || aggregate === undefined) {
      return this.#fail('', 'groupBy and aggregate go together: write both')
    }
    // Grouping by the key that the records already lie by needs no trip through a topic.
    const select = groupBy.trim() === 'key' ? [] : this.#selectKey('groupBy', groupBy)
    const moves = select.length > 0 || isKeyChanged
    return [
      ...select,
      ...(moves ? [{ kind: 'repartition', part: 'repartition', label: '' } as const] : []),
      ...this.#aggregateNode(aggregate),
    ]
  }

  #aggregateNode(aggregate: Readonly<Record<string, string>>): Operation[] {
    const fields = Object.entries(aggregate).flatMap(([name, source]) => {
      const aggregator = this.#compiled(`aggregate.${name}`, () =>
        compileAggregator(source, recordEnvironment),
      )
      return aggregator === undefined ? [] : [[name, aggregator] as const]
    })
    const label = Object.entries(aggregate)
      .map(([name, source]) => `${name}: ${source}`)
      .join(', ')
    return [{ kind: 'aggregate', part: 'aggregate', label, ...aggregateFields(fields) }]
  }

  #selectKey(field: 'keyBy' | 'groupBy', source: string | undefined): Operation[] {
    const expression = this.#expression(field, source)
    if (expression === undefined || source === undefined) return []
    const evaluate = (record: StreamRecord) => expression.evaluate(record)
    const selector = Object.assign(evaluate, { expression })
    return [{ kind: 'select-key', part: 'key', label: source, selector }]
  }

  #expression(field: string, source: string | undefined): Expression<StreamRecord> | undefined {
    if (source === undefined) return undefined
    return this.#compiled(field, () => compile(source, recordEnvironment))
  }

  #compiled<T>(field: string, compileIt: () => T): T | undefined {
    try {
      return compileIt()
    } catch (error) {
      this.#fail(`.${field}`, (error as Error).message)
      return undefined
    }
  }

  #fail(field: string, message: string): [] {
    this.failed = true
    this.#problems.push({ path: `${this.#path}${field}`, message })
    return []
  }
}

type Fields = readonly (readonly [name: string, aggregator: Aggregator<StreamRecord>])[]
type FieldStates = Readonly<Record<string, unknown>>

/** The state is an object with one entry a field, so that a changelog can be read by eye. */
const aggregateFields = (fields: Fields) => ({
  initializer: (): FieldStates =>
    Object.fromEntries(fields.map(([name, { initial }]) => [name, initial])),
  aggregator: (state: unknown, record: StreamRecord): FieldStates =>
    Object.fromEntries(
      fields.map(([name, { add, initial }]) => [
        name,
        add((state as FieldStates)[name] ?? initial, record),
      ]),
    ),
  result: (state: unknown) =>
    Object.fromEntries(
      fields.map(([name, { result }]) => [name, result((state as FieldStates)[name])]),
    ),
})
