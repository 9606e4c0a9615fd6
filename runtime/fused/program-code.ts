import type { Expression } from '../expr/compile.ts'
import { repartitionTopic } from '../topology/internal-topics.ts'
import type { Branch, SinkNode, TopologyNode } from '../topology/nodes.ts'
import type { StreamRecord } from '../topology/record.ts'
import type { RecordFormats } from '../topology/repartition-formats.ts'
import type { RepartitionExit, SubTopology, SubTopologySource } from '../topology/sub-topologies.ts'
import { parentsOf } from '../topology/topology.ts'
import { type Code, CodeWriter, NotFusable } from './code.ts'
import { ExpressionCode, type Scope } from './expression-code.ts'
import { FieldTree } from './field-tree.ts'
import { kind } from './kernel.ts'

/** A place where records leave: a selection of them, and how each is written. */
export interface Exit {
  readonly topic: string
  /** The slot that is the new key; undefined for the record's own. */
  readonly key: number | undefined
  /** Fixed text and slots that make up the new value; undefined for the record's own. */
  readonly template: readonly (string | number)[] | undefined
  /** How many ways lead here: as often may one record be selected. */
  readonly ways: number
}

/** The code of everything behind one source, before it has a kernel to run on. */
export interface ProgramCode {
  /** The node that every record enters by. */
  readonly source: string
  readonly writer: CodeWriter
  readonly fields: FieldTree
  readonly exits: readonly Exit[]
  /** The nodes that are passed, by their bit in `passed`. */
  readonly nodes: readonly string[]
  /** How many slots lie beyond those of the fields: the key first, then what is computed. */
  readonly extraSlots: number
  readonly readsKey: boolean
}

/** A record on its way: what has become of its key and value. `own` is as it came. */
interface Flow {
  readonly key: 'own' | Code
  readonly value: 'own' | ReadonlyMap<string, Code>
}

/** The key's slot, where the code reads the key. */
export const KEY_SLOT = -1
/** Bits of a number that generated code works on. */
const MAX_NODES = 30
const OBJECT = 9

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
  readonly #exits: Exit[] = []
  readonly #nodes: string[] = []
  #extraSlots = 1
  #readsKey = false

  constructor(subTopology: SubTopology, source: SubTopologySource, applicationId: string) {
    this.#subTopology = subTopology
    this.#source = source
    this.#applicationId = applicationId
  }

  finish(): ProgramCode {
    const topics = this.#exits.map(({ topic }) => topic)
    // Each exit is written by itself: two to one topic would change the order of its records.
    if (new Set(topics).size < topics.length) throw new NotFusable()
    return {
      source: this.#source.node,
      writer: this.#writer,
      fields: this.#fields,
      exits: this.#exits,
      nodes: this.#nodes,
      extraSlots: this.#extraSlots,
      readsKey: this.#readsKey,
    }
  }

  children(name: string, flow: Flow): void {
    const { nodes, exits } = this.#subTopology
    for (const node of nodes) {
      if (node.kind !== 'repartition' && parentsOf(node).includes(name)) this.#node(node, flow)
    }
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
      this.children(name, { key: flow.key, value: this.#map(mapper, flow) })
    },
    'select-key': ({ name, selector }, flow) => {
      this.children(name, { key: this.#code(flow).value(astOf(selector)), value: flow.value })
    },
    split: ({ branches }, flow) => this.#split(branches, flow),
    branch: ({ name }, flow) => this.children(name, flow),
    merge: ({ name }, flow) => this.children(name, flow),
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

  #passed(name: string): void {
    if (this.#nodes.length === MAX_NODES) throw new NotFusable()
    this.#writer.line(`passed |= ${1 << this.#nodes.length}`)
    this.#nodes.push(name)
  }

  #map(mapper: { readonly fields?: readonly Field[] }, flow: Flow): ReadonlyMap<string, Code> {
    if (mapper.fields === undefined) throw new NotFusable()
    const code = this.#code(flow)
    const fields = mapper.fields.map(([name, { ast }]) => {
      const value = code.value(ast)
      if (value.type === 'slot') this.#doubtIfUnwritable(value.slot, kind.null)
      // Kept here, before anything behind this node changes what it was made of.
      const kept =
        value.type === 'slot' || value.type === 'constant'
          ? value
          : { type: value.type, text: this.#writer.keep(value.text) }
      return [name, kept] as const
    })
    // In the order in which an object keeps them.
    return new Map(Object.entries(Object.fromEntries(fields)))
  }

  #sink(sink: SinkNode, flow: Flow): void {
    this.#requireWritable(sink, flow)
    this.#exit(sink.topic, flow)
  }

  /** Without a key there is nothing to group by: such a record is dropped, as Kafka Streams does. */
  #repartition(exit: RepartitionExit, flow: Flow): void {
    this.#requireWritable(exit, flow)
    // Counted where it comes out of the topic, not where it goes in.
    const topic = repartitionTopic(this.#applicationId, exit.stem)
    if (flow.key !== 'own') return this.#exit(topic, flow)
    this.#writer.block('if (int32[KEY_LENGTHS + i] >= 0)', () => this.#exit(topic, flow))
  }

  /** What came goes on in its own bytes, or not at all; what was made is text, which Json and String write alike. */
  #requireWritable({ format, keyFormat }: RecordFormats, { key, value }: Flow): void {
    const writesKey = key === 'own' ? keyFormat === this.#source.keyFormat : keyFormat === 'String'
    const writesValue =
      value === 'own' ? format === this.#source.format : format === 'Json' || format === 'String'
    if (!writesKey || !writesValue) throw new NotFusable()
  }

  #exit(topic: string, flow: Flow): void {
    const index = this.#exitOf(topic, flow)
    this.#writer.line(`int32[SELECTION${index} + selected[${index}]++] = i`)
  }

  /** Merged streams share an exit as long as their records are as they came. */
  #exitOf(topic: string, flow: Flow): number {
    const isOwn = flow.key === 'own' && flow.value === 'own'
    const known = this.#exits.findIndex(
      (exit) => isOwn && exit.topic === topic && isUnchanged(exit),
    )
    const shared = this.#exits[known]
    if (shared !== undefined) {
      this.#exits[known] = { ...shared, ways: shared.ways + 1 }
      return known
    }
    const key = flow.key === 'own' ? undefined : this.#keySlot(flow.key)
    const template = flow.value === 'own' ? undefined : this.#template(flow.value)
    return this.#exits.push({ topic, key, template, ways: 1 }) - 1
  }

  #keySlot(key: Code): number {
    if (key.type === 'slot') {
      this.#doubtIfUnwritable(key.slot, kind.false)
      return key.slot
    }
    if (key.type !== 'number') throw new NotFusable()
    return this.#numberSlot(key.text)
  }

  #template(value: ReadonlyMap<string, Code>): readonly (string | number)[] {
    const pieces: (string | number)[] = ['{']
    for (const [name, code] of value) {
      pieces.push(`${pieces.length > 1 ? ',' : ''}${JSON.stringify(name)}:`, this.#piece(code))
    }
    return merged([...pieces, '}'])
  }

  #piece(code: Code): string | number {
    switch (code.type) {
      case 'slot':
        return code.slot
      case 'constant':
        return JSON.stringify(code.value)
      case 'number':
        return this.#numberSlot(code.text)
      case 'bool':
        return this.#boolSlot(code.text)
    }
  }

  #numberSlot(text: string): number {
    const slot = this.#newSlot()
    this.#writer.line(`${this.#writer.number(slot)} = ${text}`)
    this.#writer.line(`${this.#writer.kind(slot)} = ${kind.unwritten}`)
    return slot
  }

  #boolSlot(text: string): number {
    const slot = this.#newSlot()
    this.#writer.line(`${this.#writer.kind(slot)} = ${text} ? ${kind.true} : ${kind.false}`)
    this.#writer.line(`${this.#writer.start(slot)} = ${text} ? TRUE : FALSE`)
    this.#writer.line(`${this.#writer.end(slot)} = ${text} ? TRUE + 4 : FALSE + 5`)
    return slot
  }

  #newSlot(): number {
    this.#extraSlots++
    return -this.#extraSlots
  }

  /** Whatever has no plain text of its own: escapes, objects, a missing field; and what comes before `first`. */
  #doubtIfUnwritable(slot: number, first: number): void {
    const is = this.#writer.kind(slot)
    this.#writer.doubtIf(`${is} < ${first} || ${is} > ${kind.string}`)
  }

  #code(flow: Flow): ExpressionCode {
    return new ExpressionCode(this.#writer, this.#scope(flow))
  }

  #scope({ key, value }: Flow): Scope {
    const own = () => {
      if (this.#source.format !== 'Json') throw new NotFusable()
    }
    return {
      field: (path) => {
        if (value !== 'own') return made(value, path)
        own()
        return { type: 'slot', slot: last(this.#fields.slotsOf(path)) }
      },
      hasField: (path) => {
        if (value !== 'own') return isMade(value, path)
        own()
        const slots = this.#fields.slotsOf(path)
        for (const parent of slots.slice(0, -1)) {
          this.#writer.doubtIf(`${this.#writer.kind(parent)} !== ${OBJECT}`)
        }
        return { type: 'bool', text: `${this.#writer.kind(last(slots))} !== ${kind.absent}` }
      },
      key: () => {
        if (key !== 'own') return key
        if (this.#source.keyFormat !== 'String') throw new NotFusable()
        this.#readsKey = true
        // Not plain text: perhaps not even text, which the interpreter must say.
        this.#writer.doubtIf(`${this.#writer.kind(KEY_SLOT)} > ${kind.string}`)
        return { type: 'slot', slot: KEY_SLOT }
      },
    }
  }
}

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

const isUnchanged = ({ key, template }: Exit) => key === undefined && template === undefined

function made(value: ReadonlyMap<string, Code>, [name, ...rest]: readonly string[]): Code {
  const code = name === undefined || rest.length > 0 ? undefined : value.get(name)
  if (code === undefined) throw new NotFusable()
  return code
}

function isMade(value: ReadonlyMap<string, Code>, [name, ...rest]: readonly string[]): Code {
  if (name === undefined || rest.length > 0) throw new NotFusable()
  return { type: 'constant', value: value.has(name) }
}

function last<T>(items: readonly T[]): T {
  const item = items.at(-1)
  if (item === undefined) throw new NotFusable()
  return item
}

/** Fixed text that follows fixed text becomes one piece. */
function merged(pieces: readonly (string | number)[]): readonly (string | number)[] {
  const result: (string | number)[] = []
  for (const piece of pieces) {
    const before = result.at(-1)
    if (typeof piece === 'string' && typeof before === 'string')
      result.splice(-1, 1, before + piece)
    else result.push(piece)
  }
  return result
}
