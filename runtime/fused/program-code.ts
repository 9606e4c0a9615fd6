import type { Expression } from '../expr/compile.ts'
import type { StreamJoinNode, TableJoinNode } from '../topology/join-nodes.ts'
import { repartitionTopic } from '../topology/internal-topics.ts'
import type {
  AggregateNode,
  Branch,
  Projection,
  SinkNode,
  TopologyNode,
} from '../topology/nodes.ts'
import { projectionOf } from '../topology/projection.ts'
import type { StreamRecord } from '../topology/record.ts'
import type { RecordFormats } from '../topology/repartition-formats.ts'
import type { RepartitionExit, SubTopology, SubTopologySource } from '../topology/sub-topologies.ts'
import type { DeduplicateNode } from '../topology/within-nodes.ts'
import { parentsOf } from '../topology/topology.ts'
import type { SessionAggregateNode } from '../topology/window-nodes.ts'
import { AppendedStores } from './appended-stores.ts'
import { Aggregates } from './aggregates.ts'
import { CodeWriter, NotFusable } from './code.ts'
import { Deduplications } from './deduplications.ts'
import { type Exit, Exits } from './exits.ts'
import { ExpressionCode } from './expression-code.ts'
import { FieldTree } from './field-tree.ts'
import { type Flow, type Made, madeOf, type Projected } from './flow.ts'
import { kind } from './kernel.ts'
import { MetTexts } from './met-texts.ts'
import { projected } from './projections.ts'
import { Scopes } from './scopes.ts'
import { SessionAggregates } from './session-aggregates.ts'
import { StreamJoins } from './stream-joins.ts'
import { TableJoins } from './table-joins.ts'
import { WindowAggregates } from './window-aggregates.ts'

/** The code of everything behind one source, before it has a kernel to run on. */
export interface ProgramCode {
  /** The node that every record enters by. */
  readonly source: string
  readonly writer: CodeWriter
  readonly fields: FieldTree
  readonly exits: readonly Exit[]
  readonly aggregates: Aggregates
  readonly windows: WindowAggregates
  readonly sessions: SessionAggregates
  readonly tables: TableJoins
  readonly met: MetTexts
  readonly logs: AppendedStores
  readonly joins: StreamJoins
  readonly deduplications: Deduplications
  readonly releases: readonly Release[]
  /** The nodes that are passed, by their bit in `passed`. */
  readonly nodes: readonly string[]
  /** Those of them that what windows emit passes, as often as that is: node 2 is counted in `passed2`. */
  readonly emittedNodes: ReadonlySet<number>
  readonly readsKey: boolean
  /** Whether values are scanned, be it for no field at all. */
  readonly readsValue: boolean
}

/** What becomes of the rows of a store that have waited for the commit: the body of a loop over them. */
export interface Release {
  readonly store: string
  readonly lines: readonly string[]
}

/** Bits of a number that generated code works on. */
const MAX_NODES = 30

/** Throws `NotFusable`. */
export function programCode(
  subTopology: SubTopology,
  source: SubTopologySource,
  applicationId: string,
): ProgramCode {
  const generator = new Generator(subTopology, source, applicationId)
  generator.children(source.node, { key: 'own', value: 'own' })
  return generator.finish()
}

class Generator {
  readonly #subTopology: SubTopology
  readonly #source: SubTopologySource
  readonly #applicationId: string
  readonly #writer = new CodeWriter()
  readonly #fields = new FieldTree()
  readonly #scopes: Scopes
  readonly #exits: Exits
  readonly #aggregates: Aggregates
  readonly #windows: WindowAggregates
  readonly #sessions: SessionAggregates
  readonly #tables: TableJoins
  readonly #met: MetTexts
  readonly #logs = new AppendedStores()
  readonly #joins: StreamJoins
  readonly #deduplications: Deduplications
  readonly #releases: Release[] = []
  readonly #nodes: string[] = []
  readonly #emittedNodes = new Set<number>()

  constructor(subTopology: SubTopology, source: SubTopologySource, applicationId: string) {
    this.#subTopology = subTopology
    this.#source = source
    this.#applicationId = applicationId
    this.#scopes = new Scopes(this.#writer, this.#fields, source)
    this.#exits = new Exits(this.#writer)
    this.#aggregates = new Aggregates(this.#writer)
    this.#windows = new WindowAggregates(this.#writer)
    this.#sessions = new SessionAggregates(this.#writer)
    this.#met = new MetTexts(this.#writer)
    this.#tables = new TableJoins(this.#writer, this.#met)
    this.#joins = new StreamJoins(this.#writer, this.#logs, this.#met)
    this.#deduplications = new Deduplications(this.#writer, this.#logs)
  }

  finish(): ProgramCode {
    const windows = [...this.#windows.names, ...this.#sessions.names]
    const emitTwice = this.#joins.isUsed && windows.length > 0
    if (emitTwice || this.#logs.isEntangled) throw new NotFusable()
    return {
      source: this.#source.node,
      writer: this.#writer,
      fields: this.#fields,
      exits: this.#exits.all(),
      aggregates: this.#aggregates,
      windows: this.#windows,
      sessions: this.#sessions,
      tables: this.#tables,
      met: this.#met,
      logs: this.#logs,
      joins: this.#joins,
      deduplications: this.#deduplications,
      releases: this.#releases,
      nodes: this.#nodes,
      emittedNodes: this.#emittedNodes,
      readsKey: this.#scopes.readsKey,
      readsValue: this.#scopes.readsValue,
    }
  }

  children(name: string, flow: Flow): void {
    const { nodes, exits } = this.#subTopology
    for (const node of nodes) if (isChild(node, name)) this.#node(node, flow)
    for (const exit of exits) if (exit.parent === name) this.#repartition(exit, flow)
  }

  #node(node: TopologyNode, flow: Flow): void {
    const fuse = this.#operations[node.kind] as
      ((node: TopologyNode, flow: Flow) => void) | undefined
    if (fuse === undefined) throw new NotFusable()
    this.#passed(node.name)
    fuse(node, flow)
  }

  /** What is not here is for the interpreter. */
  readonly #operations: Operations = {
    filter: ({ name, predicate }, flow) => {
      const test = this.#code(flow).bool(astOf(predicate))
      this.#writer.block(`if (${test})`, () => this.children(name, flow))
    },
    'filter-not': ({ name, predicate }, flow) => {
      const test = this.#code(flow).bool(astOf(predicate))
      this.#writer.block(`if (!(${test}))`, () => this.children(name, flow))
    },
    'map-values': ({ name, mapper }, flow) => {
      this.children(name, { ...flow, value: this.#map(mapper, flow) })
    },
    project: ({ name, projection }, flow) => {
      this.children(name, { ...flow, value: this.#project(projection, flow) })
    },
    'select-key': ({ name, selector }, flow) => {
      this.children(name, { ...flow, key: this.#code(flow).value(astOf(selector)) })
    },
    split: ({ branches }, flow) => this.#split(branches, flow),
    branch: ({ name }, flow) => this.children(name, flow),
    merge: ({ name }, flow) => this.children(name, flow),
    aggregate: (node, flow) => this.#aggregate(node, flow),
    'window-aggregate': (node, flow) =>
      this.#windows.add(node, flow, this.#code(flow), (result) => this.children(node.name, result)),
    'session-aggregate': (node, flow) => this.#session(node, flow),
    'table-join': (node, flow) => this.#tableJoin(node, flow),
    'stream-join': (node, flow) => this.#streamJoin(node, flow),
    deduplicate: (node, flow) => this.#deduplicate(node, flow),
    sink: (node, flow) => this.#sink(node, flow),
  }

  /** The first branch that takes a record has it. */
  #split([branch, ...others]: readonly Branch[], flow: Flow): void {
    if (branch === undefined) return
    const goOn = () => {
      const node = this.#subTopology.nodes.find(({ name }) => name === branch.node)
      if (node !== undefined) this.#node(node, flow)
    }
    if (branch.predicate === undefined) return goOn()
    const test = this.#code(flow).bool(astOf(branch.predicate))
    this.#writer.block(`if (${test})`, goOn)
    this.#writer.block('else', () => this.#split(others, flow))
  }

  /** Without a key there is nothing to group by; a record without a value is in doubt once it is scanned. */
  #aggregate(node: AggregateNode, flow: Flow): void {
    if (flow.value === 'own') this.#scopes.requireValue()
    this.#writer.block('if (int32[KEY_LENGTHS + i] >= 0)', () => {
      const result = this.#aggregates.add(node, flow, this.#code(flow))
      if (result === undefined) this.#release(node)
      else this.children(node.name, result)
    })
  }

  /** What is gone has no value for anything but a sink. */
  #session(node: SessionAggregateNode, flow: Flow): void {
    if (node.retracts) this.#requireWritten(node.name)
    const goOn = (result: Flow) => this.children(node.name, result)
    this.#sessions.add(node, flow, this.#code(flow), goOn)
  }

  /** What a row becomes is written at once; anything else could be in doubt, or ask what the row was before. */
  #release(node: AggregateNode): void {
    this.#requireWritten(node.name)
    const lines = this.#writer.apart(() =>
      this.children(node.name, this.#aggregates.released(node)),
    )
    this.#releases.push({ store: node.name, lines })
  }

  /** What comes from the node goes to topics, and nowhere else. */
  #requireWritten(name: string): void {
    const { nodes, exits } = this.#subTopology
    const isWritten = nodes.every((node) => !isChild(node, name) || node.kind === 'sink')
    if (!isWritten || exits.some(({ parent }) => parent === name)) throw new NotFusable()
  }

  #passed(name: string): void {
    const bit = this.#nodes.push(name) - 1
    if (bit === MAX_NODES) throw new NotFusable()
    if (this.#writer.isEmitting) this.#emittedNodes.add(bit)
    this.#writer.line(this.#writer.isEmitting ? `passed${bit}++` : `passed |= ${1 << bit}`)
  }

  #map(mapper: { readonly fields?: readonly Field[] }, flow: Flow): Made {
    if (mapper.fields === undefined) throw new NotFusable()
    const code = this.#code(flow)
    const fields = mapper.fields.map(([name, { ast }]) => {
      const value = code.value(ast)
      if (value.type === 'slot') this.#writer.doubtIfUnwritable(value.slot, kind.null)
      // Kept here, before anything behind this node changes what it was made of.
      const kept =
        value.type === 'slot' || value.type === 'constant'
          ? value
          : { type: value.type, text: this.#writer.keep(value.text) }
      return [name, kept] as const
    })
    return madeOf(fields)
  }

  #project(projection: Projection, { value }: Flow): Made | Projected {
    if (value !== 'own' && value.type === 'made') {
      return madeOf(projectionOf(projection)([...value.fields]))
    }
    return projected(this.#writer, this.#object(value), projection)
  }

  /** What can be written anew: as it came, or as it was projected. */
  #object(value: Flow['value']): 'own' | Projected {
    if (this.#source.format !== 'Json') throw new NotFusable()
    if (value === 'own' || value.type === 'projected') return value
    throw new NotFusable()
  }

  #tableJoin(node: TableJoinNode, flow: Flow): void {
    const object = this.#object(flow.value)
    const place = { around: this.#subTopology, source: this.#source }
    this.#tables.add({ node, object, flow, ...place }, (joined) => this.children(node.name, joined))
  }

  #streamJoin(node: StreamJoinNode, flow: Flow): void {
    const object = this.#object(flow.value)
    const place = { stores: this.#subTopology.stores, source: this.#source }
    this.#joins.add({ node, object, flow, ...place }, (joined) => this.children(node.name, joined))
  }

  #deduplicate(node: DeduplicateNode, flow: Flow): void {
    this.#deduplications.add(node, flow, this.#code(flow), () => this.children(node.name, flow))
  }

  #sink(sink: SinkNode, flow: Flow): void {
    this.#requireWritable(sink, flow)
    const isWindowed = sink.windows !== undefined
    if (isWindowed && flow.window === undefined) throw new NotFusable()
    this.#exits.leave(sink.topic, flow, isWindowed)
  }

  /** Without a key there is nothing to group by: such a record is dropped, as Kafka Streams does, but where a join keeps it. */
  #repartition(exit: RepartitionExit, flow: Flow): void {
    this.#requireWritable(exit, flow)
    // Counted where it comes out of the topic, not where it goes in.
    const topic = repartitionTopic(this.#applicationId, exit)
    if (flow.key !== 'own' || exit.keepsNullKeys) return this.#exits.leave(topic, flow)
    this.#writer.block('if (int32[KEY_LENGTHS + i] >= 0)', () => this.#exits.leave(topic, flow))
  }

  /** What came goes on in its own bytes, or not at all; what was made is text, which Json and String write alike. */
  #requireWritable({ format, keyFormat }: RecordFormats, { key, value }: Flow): void {
    const writesKey = key === 'own' ? keyFormat === this.#source.keyFormat : keyFormat === 'String'
    const writesValue =
      value === 'own' ? format === this.#source.format : format === 'Json' || format === 'String'
    if (!writesKey || !writesValue) throw new NotFusable()
  }

  #code(flow: Flow): ExpressionCode {
    return new ExpressionCode(this.#writer, this.#scopes.at(flow))
  }
}

/** As `buildProcessors` has it; what is late is in doubt before it could go there. */
const isChild = (node: TopologyNode, name: string): boolean =>
  node.kind !== 'repartition' && node.kind !== 'late' && parentsOf(node).includes(name)

type Operations = {
  readonly [Kind in TopologyNode['kind']]?: (
    node: Extract<TopologyNode, { readonly kind: Kind }>,
    flow: Flow,
  ) => void
}

type Field = readonly [name: string, expression: Expression<StreamRecord>]

function astOf({ expression }: { readonly expression?: Expression<StreamRecord> }) {
  if (expression === undefined) throw new NotFusable()
  return expression.ast
}
