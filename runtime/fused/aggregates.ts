import type { AggregateNode } from '../topology/nodes.ts'
import { argumentsOf, finite, resultsOf, updatesOf } from './aggregate-code.ts'
import { type CodeWriter, NotFusable } from './code.ts'
import type { ExpressionCode } from './expression-code.ts'
import type { Flow } from './flow.ts'

interface AggregateStore {
  readonly name: string
  readonly columns: number
  /** Whether updates wait for the commit. */
  readonly isHeld: boolean
}

/**
 * The stores of a program, and the code that works on their columns. Of the first, `store0` is the store, `store0c1` its second column,
 * `store0t` its times, `store0f` its flags; `row0` is the row of the record's key, -1 until the record changes it, and `row0c1`,
 * `row0t`, `row0f` what was there before.
 */
export class Aggregates {
  readonly #writer: CodeWriter
  readonly #stores: AggregateStore[] = []

  constructor(writer: CodeWriter) {
    this.#writer = writer
  }

  get stores(): readonly string[] {
    return this.#stores.map(({ name }) => name)
  }

  /** Adds a record that has a key, and returns what comes out of the node; undefined where that waits. Throws `NotFusable`. */
  add({ name, fields, emit }: AggregateNode, flow: Flow, code: ExpressionCode): Flow | undefined {
    const writer = this.#writer
    // What a record changes is noted once, and may be undone; the windows of one record reach an aggregate again and again.
    const isReachedTwice = writer.isEmitting || this.#stores.some((store) => store.name === name)
    if (fields === undefined || flow.key !== 'own' || isReachedTwice) throw new NotFusable()
    const values = argumentsOf(fields, writer, code)
    const store = `store${this.#stores.length}`
    const row = writer.keep(`${store}.row(bytes, int32[KEY_STARTS + i], int32[KEY_LENGTHS + i])`)
    const old = cellsOf(store, row)
    const now = updatesOf(fields, old, values).map((text) => finite(writer, text))
    const isHeld = emit === 'OnCommit'
    this.#stores.push({ name, columns: now.length, isHeld })
    const value = isHeld ? undefined : resultsOf(fields, writer, (column) => now[column] ?? '')
    const time = this.#change(store, row, now, flow)
    if (value !== undefined) return { key: 'own', value, time: this.#writer.numberSlot(time) }
    this.#hold(store, row)
    return undefined
  }

  /** What comes out of the node for `row`, once that waits no longer. */
  released({ name, fields = [] }: AggregateNode): Flow {
    const store = `store${this.#stores.findIndex((one) => one.name === name)}`
    return { key: 'own', value: resultsOf(fields, this.#writer, cellsOf(store, 'row')) }
  }

  /** Before the loop. */
  declare(): readonly string[] {
    return [
      ...this.#stores.map((_, index) => `const store${index} = stores[${index}]`),
      ...this.refresh().map((assignments) => `let ${assignments}`),
    ]
  }

  /** Before a loop over rows of `store`. */
  declareOne(name: string): readonly string[] {
    const index = this.#stores.findIndex((one) => one.name === name)
    return [`const store${index} = store`, `const ${this.refresh()[index] ?? ''}`]
  }

  /** The columns, which interpreting a record may have replaced. */
  refresh(): readonly string[] {
    return this.#stores.map(({ columns }, index) => {
      const store = `store${index}`
      const own = numbered(columns, (n) => `${store}c${n} = ${store}.columns[${n}]`)
      return [...own, `${store}t = ${store}.timestamps`, `${store}f = ${store}.flags`].join(', ')
    })
  }

  /** Before each record. */
  declareChanged(): readonly string[] {
    return this.#stores.map(({ columns }, index) => {
      const row = `row${index}`
      const before = numbered(columns, (n) => `${row}c${n} = 0`)
      return `let ${[`${row} = -1`, `${row}t = 0`, `${row}f = 0`, ...before].join(', ')}`
    })
  }

  /** For a record that turns out to be in doubt: the interpreter shall find everything as it was. */
  undo(): readonly string[] {
    return this.#stores.map(({ columns, isHeld }, index) => {
      const [store, row] = [`store${index}`, `row${index}`]
      const back = numbered(columns, (n) => `${store}c${n}[${row}] = ${row}c${n}`)
      const rest = [`${store}t[${row}] = ${row}t`, `${store}.untouch(${row}, ${row}f)`]
      if (isHeld) rest.push(`${store}.held.takeBack()`)
      return `if (${row} >= 0) { ${[...back, ...rest].join('; ')} }`
    })
  }

  /** Once nothing is in doubt. Returns the time of the latest record so far. */
  #change(store: string, row: string, now: readonly string[], { time }: Flow): string {
    const writer = this.#writer
    const changed = store.replace('store', 'row')
    writer.line(`${changed} = ${row}`)
    writer.line(`${changed}t = ${store}t[${row}]`)
    writer.line(`${changed}f = ${store}f[${row}]`)
    now.forEach((number, n) => {
      writer.line(`${changed}c${n} = ${store}c${n}[${row}]`)
      writer.line(`${store}c${n}[${row}] = ${number}`)
    })
    writer.line(`${store}.touch(${row})`)
    const own = time === undefined ? 'float64[TIMESTAMPS + i]' : writer.number(time)
    writer.line(`${store}t[${row}] = Math.max(${own}, ${changed}t)`)
    return `${store}t[${row}]`
  }

  #hold(store: string, row: string): void {
    this.#writer.line(`${store}.held.hold(${row}, baseOffset + int32[OFFSET_DELTAS + i])`)
    const headers = 'int32[HEADERS + i], int32[RECORD_ENDS + i]'
    this.#writer.block('if (bytes[int32[HEADERS + i]] !== 0)', () =>
      this.#writer.line(`${store}.held.setHeaders(${row}, copied(bytes, ${headers}))`),
    )
  }
}

const cellsOf =
  (store: string, row: string) =>
  (column: number): string =>
    `${store}c${column}[${row}]`

const numbered = (count: number, text: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => text(n))
