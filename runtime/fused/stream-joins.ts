import type { StreamJoinNode } from '../topology/join-nodes.ts'
import type { StoreSpec } from '../topology/store-spec.ts'
import type { SubTopologySource } from '../topology/sub-topologies.ts'
import type { AppendedStores } from './appended-stores.ts'
import { type CodeWriter, KEY, NotFusable, timeOf } from './code.ts'
import type { Flow, Joined, Projected } from './flow.ts'
import { kind } from './kernel.ts'
import { MAX_MET_BYTES, type MetTexts } from './met-texts.ts'
import { whole } from './projections.ts'
import { fieldOf, openObject } from './table-joins.ts'

/** A record that meets more is for the interpreter; a chunk has room for what many records meet. */
const MAX_MATCHES = 256

interface Meeting {
  readonly node: StreamJoinNode
  /** What comes to the join. */
  readonly object: 'own' | Projected
  readonly flow: Flow
  readonly stores: readonly StoreSpec[]
  readonly source: SubTopologySource
}

/** What is to be put into the store of a side. */
interface Kept {
  readonly own: string
  /** Its text is without its last brace. */
  readonly isLeft: boolean
  readonly slot: number
}

/** How a record meets those of the other side. */
interface Met extends Pick<Joined, 'slot' | 'as' | 'originOf'>, Pick<Kept, 'isLeft'> {
  readonly others: string
  readonly count: string
  readonly time: string
}

/**
 * The code that lets the records of a stream meet those of another. What is kept of them for the other side is put into the store
 * once nothing is in doubt any more: `kept0` says that it is to be, `keptHash0` and `keptTime0` go with it.
 */
export class StreamJoins {
  readonly #writer: CodeWriter
  readonly #stores: AppendedStores
  readonly #texts: MetTexts
  readonly #kept: Kept[] = []

  constructor(writer: CodeWriter, stores: AppendedStores, texts: MetTexts) {
    this.#writer = writer
    this.#stores = stores
    this.#texts = texts
  }

  get isUsed(): boolean {
    return this.#kept.length > 0
  }

  /** How much a record may emit. */
  get emitted(): number {
    return MAX_MATCHES * this.#kept.length
  }

  /** `goOn` is given what comes out of the node, once a match. Throws `NotFusable`. */
  add(meeting: Meeting, goOn: (result: Flow) => void): void {
    const { node, object, flow } = meeting
    const writer = this.#writer
    const as = requireFusable(meeting, writer)
    const own = this.#stores.written(node.name)
    if (own === undefined || !this.#texts.addNode()) throw new NotFusable()
    const isLeft = node.side === 'left'
    const value = isLeft ? openObject(writer, object, as) : whole(writer, object)
    const time = timeOf(writer, flow)
    writer.doubtIf('int32[KEY_LENGTHS + i] < 0')
    const n = this.#kept.push({ own, isLeft, slot: value.slot }) - 1
    writer.line(`kept${n} = true; keptTime${n} = ${time}; keptHash${n} = hashOf(${KEY})`)
    const others = this.#stores.read(node.reads[0])
    writer.line(`${others}.at(keptHash${n}, ${KEY})`)
    const count = writer.keep(`${others}.match(${reachOf(node, time)})`)
    writer.block(`if (${count} > 0)`, () => {
      writer.doubtIf(`${count} > ${MAX_MATCHES} || ${others}.matchedBytes > ${MAX_MET_BYTES}`)
      writer.doubtIf(`!isText(${KEY})`)
      this.#meet({ others, count, time, as, isLeft, ...value }, goOn)
    })
  }

  /** Before each record. */
  declareChanged(): readonly string[] {
    return this.#kept.map((_, n) => `let kept${n} = false, keptHash${n} = 0, keptTime${n} = 0`)
  }

  /** Once nothing is in doubt. */
  settle(): readonly string[] {
    const writer = this.#writer
    return this.#kept.flatMap(({ own, isLeft, slot }, n) => {
      const text = `kernel.buffer, ${writer.start(slot)}, ${writer.end(slot)}`
      return [
        `if (kept${n}) {`,
        `${own}.at(keptHash${n}, ${KEY})`,
        isLeft
          ? `if (${own}.add(keptTime${n}, ${text} + 1)) ${own}.setOpen()`
          : `${own}.add(keptTime${n}, ${text})`,
        `${own}.accept()`,
        '}',
      ]
    })
  }

  #meet(met: Met, goOn: (result: Flow) => void): void {
    const { others, count, time } = met
    const writer = this.#writer
    writer.block(`for (let m = 0; m < ${count}; m++)`, () => {
      const row = writer.keep(`${others}.matches[m]`)
      const field = met.isLeft ? '' : `, ${writer.name(met.as)}`
      writer.doubtIf(`!${others}.${met.isLeft ? 'isFit' : 'isOpenFor'}(${row}${field})`)
      writer.emitting(() => {
        writer.line('const e = emitted++')
        writer.line('int32[ORIGINS + e] = i')
        const value = this.#joined(met, row)
        const later = writer.numberSlot(`Math.max(${time}, ${others}.timeOf(${row}))`)
        goOn({ key: 'own', value, time: later })
      })
    })
  }

  #joined({ others, as, isLeft, slot, originOf }: Met, row: string): Joined {
    const writer = this.#writer
    const [own, other] = [writer.newSlot(), writer.newSlot()]
    writer.line(`${writer.kind(own)} = ${kind.object}`)
    writer.line(`${writer.start(own)} = ${writer.start(slot)}`)
    writer.line(`${writer.end(own)} = ${writer.end(slot)}`)
    this.#texts.place(others, row, other)
    if (isLeft) return { type: 'joined', slot: own, as, other, originOf }
    writer.line(`${writer.end(other)}--`)
    return { type: 'joined', slot: other, as, other: own, originOf: unknown }
  }
}

/** The fields of what a record has met are not read. */
function unknown(): never {
  throw new NotFusable()
}

/** The times that a record looks between. */
function reachOf({ side, window }: StreamJoinNode, time: string): string {
  const { beforeMs, afterMs } = window
  const [before, after] = side === 'left' ? [beforeMs, afterMs] : [afterMs, beforeMs]
  return `Math.max(0, ${time} - ${before}), ${time} + ${after}`
}

/** Returns the name of the field that the right value becomes. */
function requireFusable(
  { node, flow, stores, source }: Meeting,
  { isEmitting }: CodeWriter,
): string {
  const { joiner, type, name, reads } = node
  const isOwn = flow.key === 'own' && flow.window === undefined && !isEmitting
  const isText = [name, reads[0]].every((side) =>
    stores.some((store) => store.name === side && store.format === 'Json'),
  )
  if (!isOwn || type !== 'Inner' || !isText || source.keyFormat !== 'String') throw new NotFusable()
  return fieldOf(joiner)
}
