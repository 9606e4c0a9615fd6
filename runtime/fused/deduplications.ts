import type { DeduplicateNode } from '../topology/within-nodes.ts'
import type { AppendedStores } from './appended-stores.ts'
import { type CodeWriter, KEY, NotFusable, timeOf } from './code.ts'
import type { ExpressionCode } from './expression-code.ts'
import type { Flow } from './flow.ts'
import { kind } from './kernel.ts'

/**
 * The code that lets the first of equal records through. What it has seen is noted once nothing is in doubt any more: `first0`
 * says that the record is one, `equalHash0` and `equalTime0` go with what `identity0` has of it.
 */
export class Deduplications {
  readonly #writer: CodeWriter
  readonly #stores: AppendedStores
  readonly #logs: string[] = []

  constructor(writer: CodeWriter, stores: AppendedStores) {
    this.#writer = writer
    this.#stores = stores
  }

  /** What is late, or has no key, is in doubt. Throws `NotFusable`. */
  add(
    { name, by, withinMs }: DeduplicateNode,
    flow: Flow,
    code: ExpressionCode,
    goOn: () => void,
  ): void {
    const writer = this.#writer
    const log = this.#stores.written(name)
    if (flow.key !== 'own' || writer.isEmitting || log === undefined) throw new NotFusable()
    const n = this.#logs.push(log) - 1
    const time = timeOf(writer, flow)
    writer.doubtIf('int32[KEY_LENGTHS + i] < 0')
    writer.doubtIf(`${time} < ${log}.latest - ${withinMs}`)
    if (by === undefined) writer.line(`identity${n}.isKey(${KEY})`)
    else {
      if (by.expression === undefined) throw new NotFusable()
      this.#identify(n, textSlot(writer, code, by.expression))
    }
    writer.line(`equalHash${n} = identity${n}.hash(); equalTime${n} = ${time}`)
    writer.line(`${log}.at(equalHash${n}, identity${n}.bytes, 0, identity${n}.length)`)
    writer.line(`first${n} = !${log}.has(${time} - ${withinMs}, ${time} + ${withinMs})`)
    writer.block(`if (first${n})`, goOn)
  }

  /** What stays from record to record. */
  constants(): readonly string[] {
    return this.#logs.map((_, n) => `const identity${n} = new Identity()`)
  }

  /** Before each record. */
  declareChanged(): readonly string[] {
    return this.#logs.map((_, n) => `let first${n} = false, equalHash${n} = 0, equalTime${n} = 0`)
  }

  /** Once nothing is in doubt. */
  settle(): readonly string[] {
    return this.#logs.flatMap((log, n) => [
      `if (first${n}) {`,
      `${log}.at(equalHash${n}, identity${n}.bytes, 0, identity${n}.length)`,
      `${log}.add(equalTime${n}, kernel.buffer, TRUE, TRUE + 4)`,
      `${log}.accept()`,
      '}',
    ])
  }

  #identify(n: number, slot: number): void {
    const writer = this.#writer
    const quoted = `${writer.kind(slot)} === ${kind.string}`
    writer.line(`identity${n}.hasKey(${KEY})`)
    writer.line(
      `identity${n}.addText(bytes, ${writer.start(slot)}, ${writer.end(slot)}, ${quoted})`,
    )
  }
}

/** Of what makes records equal: in doubt where its JSON is not there as it is. */
function textSlot(
  writer: CodeWriter,
  code: ExpressionCode,
  { ast }: NonNullable<NonNullable<DeduplicateNode['by']>['expression']>,
): number {
  const value = code.value(ast)
  if (value.type !== 'slot') throw new NotFusable()
  writer.doubtIfUnwritable(value.slot, kind.null)
  writer.doubtIf(`${writer.kind(value.slot)} === ${kind.unwritten}`)
  return value.slot
}
