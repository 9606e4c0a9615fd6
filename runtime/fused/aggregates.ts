import type { AggregateField, AggregateNode } from '../topology/nodes.ts'
import { type Code, type CodeWriter, NotFusable } from './code.ts'
import type { ExpressionCode } from './expression-code.ts'
import { type Flow, madeOf } from './flow.ts'

/** Code of the numbers of a function, in the order of its columns. */
type Numbers = readonly [first: string, second?: string]

interface AggregateCode {
  /** What a value turns the numbers into. One that is not there yet is NaN. */
  readonly update: (old: Required<Numbers>, value: string) => Numbers
  readonly result: (now: Required<Numbers>) => string
}

const functions: Readonly<Record<AggregateField['function'], AggregateCode>> = {
  count: { update: ([old]) => [`${old} + 1`], result: ([count]) => count },
  sum: { update: ([old], value) => [`${old} + ${value}`], result: ([sum]) => sum },
  min: {
    update: ([old], value) => [`${old} <= ${value} ? ${old} : ${value}`],
    result: ([least]) => least,
  },
  max: {
    update: ([old], value) => [`${old} >= ${value} ? ${old} : ${value}`],
    result: ([most]) => most,
  },
  avg: {
    update: ([sum, count], value) => [`${sum} + ${value}`, `${count} + 1`],
    result: ([sum, count]) => `${sum} / ${count}`,
  },
}

/**
 * The stores of a program, and the code that works on their columns. Of the first, `store0` is the store, `store0c1` its second column,
 * `store0t` its times, `store0f` its flags; `row0` is the row of the record's key, -1 until the record changes it, and `row0c1`,
 * `row0t`, `row0f` what was there before.
 */
export class Aggregates {
  readonly #writer: CodeWriter
  readonly #stores: { readonly name: string; readonly columns: number }[] = []

  constructor(writer: CodeWriter) {
    this.#writer = writer
  }

  get stores(): readonly string[] {
    return this.#stores.map(({ name }) => name)
  }

  /** Adds a record that has a key, and returns what comes out of the node. Throws `NotFusable`. */
  add({ name, fields }: AggregateNode, flow: Flow, code: ExpressionCode): Flow {
    const isReachedTwice = this.#stores.some((store) => store.name === name)
    if (fields === undefined || flow.key !== 'own' || isReachedTwice) throw new NotFusable()
    const writer = this.#writer
    const values = fields.map(({ argument }) =>
      argument === undefined ? '' : writer.keep(code.number(argument.ast)),
    )
    const store = `store${this.#stores.length}`
    const row = writer.keep(`${store}.row(bytes, int32[KEY_STARTS + i], int32[KEY_LENGTHS + i])`)
    const now: string[] = []
    const results = fields.map(({ name: field, function: what }, index): [string, Code] => {
      const [one, two] = [now.length, now.length + 1].map((n) => `${store}c${n}[${row}]`)
      const { update, result } = functions[what]
      const [first, second] = update([one ?? '', two ?? ''], values[index] ?? '')
      const numbers: Required<Numbers> = [
        this.#finite(first),
        second === undefined ? '' : this.#finite(second),
      ]
      now.push(...numbers.filter((text) => text !== ''))
      return [field, { type: 'number', text: writer.keep(result(numbers)) }]
    })
    this.#stores.push({ name, columns: now.length })
    return { key: 'own', value: madeOf(results), time: this.#change(store, row, now, flow) }
  }

  /** Before the loop. */
  declare(): readonly string[] {
    return [
      ...this.#stores.map((_, index) => `const store${index} = stores[${index}]`),
      ...this.refresh().map((assignments) => `let ${assignments}`),
    ]
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
    return this.#stores.map(({ columns }, index) => {
      const [store, row] = [`store${index}`, `row${index}`]
      const back = numbered(columns, (n) => `${store}c${n}[${row}] = ${row}c${n}`)
      const rest = [`${store}t[${row}] = ${row}t`, `${store}.untouch(${row}, ${row}f)`]
      return `if (${row} >= 0) { ${[...back, ...rest].join('; ')} }`
    })
  }

  /** What has no finite result is in doubt: the interpreter has the words for it. */
  #finite(text: string): string {
    const number = this.#writer.keep(text)
    this.#writer.doubtIf(`!(${number} - ${number} === 0)`)
    return number
  }

  /** Once nothing is in doubt. Returns the slot of the time of the latest record so far. */
  #change(store: string, row: string, now: readonly string[], { time }: Flow): number {
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
    const slot = writer.newSlot()
    writer.line(`${writer.number(slot)} = ${store}t[${row}] = Math.max(${own}, ${changed}t)`)
    return slot
  }
}

const numbered = (count: number, text: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => text(n))
