import { closesAfterMs, type WindowAggregateNode } from '../topology/window-nodes.ts'
import { argumentsOf, finite, resultsOf, updatesOf } from './aggregate-code.ts'
import { type CodeWriter, NotFusable } from './code.ts'
import type { ExpressionCode } from './expression-code.ts'
import type { Flow } from './flow.ts'

/** Windows of one record; a chunk has room for what many records emit. */
const MAX_WINDOWS = 512
/** Up to here the quotient of a time and a number of milliseconds is never rounded up to a whole number. */
const MAX_TIME = 2 ** 51
/** The key of the record, as stores take it. */
export const KEY_BYTES = 'bytes, int32[KEY_STARTS + i], int32[KEY_LENGTHS + i]'

interface Windowed {
  readonly name: string
  /** That one record may be in. */
  readonly windows: number
  readonly columns: number
}

/**
 * The window stores of a program, and the code that adds records to their windows. Nothing is changed until nothing about
 * the record is in doubt any more: of the first store `open0` are the windows that the record is to be in, the last of which
 * starts at `last0`, `rows0` its rows there, `times0` and `next0` what is to be in them.
 */
export class WindowAggregates {
  readonly #writer: CodeWriter
  readonly #all: Windowed[] = []

  constructor(writer: CodeWriter) {
    this.#writer = writer
  }

  get names(): readonly string[] {
    return this.#all.map(({ name }) => name)
  }

  /** How much a record may emit. */
  get emitted(): number {
    return this.#all.reduce((sum, { windows }) => sum + windows, 0)
  }

  /**
   * Adds a record; `goOn` is given what comes out of the node, once a window. What Kafka Streams leaves out, such as a record
   * that is late for a window, is in doubt. Throws `NotFusable`.
   */
  add(
    node: WindowAggregateNode,
    flow: Flow,
    code: ExpressionCode,
    goOn: (result: Flow) => void,
  ): void {
    const { name, fields = [], sizeMs, advanceMs } = node
    this.#requireFusable(node, flow)
    const writer = this.#writer
    const n = this.#all.length
    const values = argumentsOf(fields, writer, code)
    const { time, first, open } = this.#opened(node, flow)
    const hash = writer.keep(`hashOf(${KEY_BYTES})`)
    writer.block(`for (let w = 0; w < ${open}.length; w++)`, () => {
      const window = writer.keep(`${open}[w]`)
      const known = `${window}.rowLike(rows${n}[w - 1], ${open}[w - 1])`
      const found = `${window}.rowHashed(${hash}, ${KEY_BYTES})`
      const row = writer.keep(`w > 0 ? ${known} ?? ${found} : ${found}`)
      const cell = (column: number) => `${window}.columns[${column}][${row}]`
      const now = updatesOf(fields, cell, values).map((text) => finite(writer, text))
      const latest = writer.keep(`Math.max(${time}, ${window}.timestamps[${row}])`)
      this.#note(row, latest, now)
      writer.emitting(() => {
        const value = resultsOf(fields, writer, (column) => now[column] ?? '')
        const start = writer.numberSlot(`${first} + w * ${advanceMs}`)
        goOn({ key: 'own', value, time: writer.numberSlot(latest), window: start })
      })
    })
    const columns = updatesOf(fields, () => '', values).length
    this.#all.push({ name, windows: Math.ceil(sizeMs / advanceMs), columns })
  }

  /** What stays from record to record. */
  constants(): readonly string[] {
    return this.#all.map(
      ({ windows, columns }, n) =>
        `const rows${n} = new Int32Array(${windows}), times${n} = new Float64Array(${windows}), next${n} = new Float64Array(${windows * columns})`,
    )
  }

  /** Before the loop. */
  declare(): readonly string[] {
    return this.#all.map((_, n) => `const windows${n} = windows[${n}], time${n} = times[${n}]`)
  }

  /** Before each record. */
  declareChanged(): readonly string[] {
    return this.#all.map((_, n) => `let open${n}, last${n} = 0`)
  }

  /** Once nothing is in doubt. */
  settle(): readonly string[] {
    return this.#all.flatMap(({ columns }, n) => [
      `if (open${n} !== undefined) {`,
      `for (let w = 0; w < open${n}.length; w++) {`,
      `const window = open${n}[w], row = rows${n}[w]`,
      ...Array.from(
        { length: columns },
        (_, column) => `window.columns[${column}][row] = next${n}[w * ${columns} + ${column}]`,
      ),
      `window.timestamps[row] = times${n}[w]`,
      'window.touch(row)',
      '}',
      `windows${n}.settle(last${n})`,
      `time${n}.accept()`,
      '}',
    ])
  }

  /** For a record that turns out to be in doubt. */
  undo(): readonly string[] {
    return this.#all.map((_, n) => `time${n}.rollback()`)
  }

  #requireFusable(
    { name, fields, emit, sizeMs, advanceMs }: WindowAggregateNode,
    flow: Flow,
  ): void {
    const isFusable =
      fields !== undefined &&
      emit === 'OnUpdate' &&
      flow.key === 'own' &&
      flow.window === undefined &&
      advanceMs <= sizeMs &&
      this.emitted + Math.ceil(sizeMs / advanceMs) <= MAX_WINDOWS
    if (!isFusable || this.names.includes(name)) throw new NotFusable()
  }

  /** The windows that the record is to be in, and where the first of them starts. */
  #opened(node: WindowAggregateNode, flow: Flow) {
    const { sizeMs, advanceMs } = node
    const writer = this.#writer
    const n = this.#all.length
    const time = eventTime(writer, flow)
    const multiple = (text: string) =>
      writer.keep(`Math.floor((${text}) / ${advanceMs}) * ${advanceMs}`)
    const last = multiple(time)
    const first =
      sizeMs === advanceMs ? last : multiple(`Math.max(0, ${time} - ${sizeMs - advanceMs})`)
    const closed = `time${n}.advanceTo(${time}) - ${closesAfterMs(node)}`
    writer.doubtIf(`${first} + ${sizeMs} <= ${closed}`)
    const open = writer.keep(`windows${n}.open(${first}, ${advanceMs}, ${last})`)
    writer.doubtIf(`${open} === undefined`)
    writer.line(`open${n} = ${open}; last${n} = ${last}`)
    return { time, first, open }
  }

  /** What is to be in window `w`, and that it emits it. */
  #note(row: string, latest: string, now: readonly string[]): void {
    const n = this.#all.length
    this.#writer.line(`rows${n}[w] = ${row}; times${n}[w] = ${latest}`)
    now.forEach((number, column) =>
      this.#writer.line(`next${n}[w * ${now.length} + ${column}] = ${number}`),
    )
    this.#writer.line('const e = emitted++')
    this.#writer.line('int32[ORIGINS + e] = i')
  }
}

/** The time of a record that is to be in a window. One without a key, or from times that none reaches, is in doubt. */
export function eventTime(writer: CodeWriter, flow: Flow): string {
  const own = flow.time === undefined ? 'float64[TIMESTAMPS + i]' : writer.number(flow.time)
  const time = writer.keep(own)
  writer.doubtIf('int32[KEY_LENGTHS + i] < 0')
  writer.doubtIf(`!(${time} >= 0 && ${time} < ${MAX_TIME})`)
  return time
}
