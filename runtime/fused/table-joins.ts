import type { TableJoinNode, ValueJoiner } from '../topology/join-nodes.ts'
import type { SubTopology, SubTopologySource } from '../topology/sub-topologies.ts'
import { type CodeWriter, KEY, NotFusable } from './code.ts'
import type { Flow, Projected } from './flow.ts'
import { MAX_MET_BYTES, type MetTexts } from './met-texts.ts'
import { isOdd, whole } from './projections.ts'

interface Meeting {
  readonly node: TableJoinNode
  /** What comes to the join. */
  readonly object: 'own' | Projected
  readonly flow: Flow
  readonly around: Pick<SubTopology, 'nodes' | 'stores'>
  readonly source: SubTopologySource
}

/** The tables of a program, and the code that lets records meet their rows: `table0` is the first one's store. */
export class TableJoins {
  readonly #writer: CodeWriter
  readonly #texts: MetTexts
  readonly #tables: string[] = []

  constructor(writer: CodeWriter, texts: MetTexts) {
    this.#writer = writer
    this.#texts = texts
  }

  get names(): readonly string[] {
    return this.#tables
  }

  /** `goOn` is given what comes out of the node. Throws `NotFusable`. */
  add(meeting: Meeting, goOn: (result: Flow) => void): void {
    const { node, object, flow } = meeting
    const writer = this.#writer
    const as = requireFusable(meeting, writer)
    if (!this.#texts.addNode()) throw new NotFusable()
    const own = openObject(writer, object, as)
    writer.doubtIf('int32[KEY_LENGTHS + i] < 0')
    const table = `table${this.#indexOf(node.reads[0])}`
    const row = writer.keep(`${table}.rowAt(${KEY})`)
    writer.doubtIf(`${row} === UNFIT`)
    writer.block(node.type === 'Inner' ? `if (${row} >= 0)` : '', () => {
      writer.doubtIf(`!isText(${KEY})`)
      const other = this.#place(table, row)
      goOn({ ...flow, value: { ...own, type: 'joined', as, other } })
    })
  }

  /** Before the loop. */
  declare(): readonly string[] {
    return this.#tables.map((_, index) => `const table${index} = tables[${index}]`)
  }

  #indexOf(table: string): number {
    const known = this.#tables.indexOf(table)
    return known < 0 ? this.#tables.push(table) - 1 : known
  }

  /** The slot of the row's text; of that of no row. */
  #place(table: string, row: string): number {
    const writer = this.#writer
    const slot = writer.newSlot()
    writer.block(`if (${row} >= 0)`, () => {
      writer.doubtIf(`${table}.textLength(${row}) > ${MAX_MET_BYTES}`)
      this.#texts.place(table, row, slot)
    })
    writer.block('else', () => this.#texts.placeNull(slot))
    return slot
  }
}

/**
 * The text of an object without its last brace, for a field that follows. One that has the field already is in doubt, and so is
 * one without fields: there no comma would follow.
 */
export function openObject(writer: CodeWriter, object: 'own' | Projected, as: string) {
  const value = whole(writer, object, as)
  const { slot } = value
  writer.doubtIf(`${writer.end(slot)} - ${writer.start(slot)} < 3`)
  writer.line(`${writer.end(slot)}--`)
  return {
    slot,
    originOf: (name: string) => {
      if (name === as) throw new NotFusable()
      return value.originOf(name)
    },
  }
}

/** Returns the name of the field that the row becomes. */
function requireFusable(
  { node: { joiner, graceMs, reads }, flow, around, source }: Meeting,
  { isEmitting }: CodeWriter,
): string {
  const isOwn = flow.key === 'own' && flow.window === undefined && !isEmitting
  const isFusable =
    isOwn &&
    graceMs === undefined &&
    source.keyFormat === 'String' &&
    isPlainTable(reads[0], around)
  if (!isFusable) throw new NotFusable()
  return fieldOf(joiner)
}

/** The name of the field that is added, which can be the last. */
export function fieldOf({ as }: ValueJoiner): string {
  if (as === undefined || isOdd(as)) throw new NotFusable()
  return as
}

/** Its rows are as its store has them, and that has them as JSON. */
function isPlainTable(name: string, { nodes, stores }: Meeting['around']): boolean {
  const isTable = nodes.some((node) => node.name === name && node.kind === 'to-table')
  const store = stores.find((candidate) => candidate.name === name)
  return isTable && store?.kind === 'key-value' && store.format === 'Json'
}
