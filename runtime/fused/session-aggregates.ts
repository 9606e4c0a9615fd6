import { closesAfterMs, type SessionAggregateNode } from '../topology/window-nodes.ts'
import {
  argumentsOf,
  finite,
  initialsOf,
  mergedOf,
  resultsOf,
  updatesOf,
} from './aggregate-code.ts'
import { type CodeWriter, NotFusable } from './code.ts'
import type { ExpressionCode } from './expression-code.ts'
import type { Flow } from './flow.ts'
import { eventTime, KEY_BYTES } from './window-aggregates.ts'

/** Sessions that a record finds, each of which may be said to be gone, and what they become. */
const MAX_EMITTED = 3

interface Sessions {
  readonly name: string
  readonly columns: number
  readonly emitted: number
}

/**
 * The session stores of a program, and the code that adds records to their sessions. Nothing is changed until nothing about
 * the record is in doubt any more: of the first store `met0` says whether the record is to be in a session, at the time
 * `at0`, which is to have the numbers `merged0c0` and so on.
 */
export class SessionAggregates {
  readonly #writer: CodeWriter
  readonly #all: Sessions[] = []

  constructor(writer: CodeWriter) {
    this.#writer = writer
  }

  get names(): readonly string[] {
    return this.#all.map(({ name }) => name)
  }

  /** How much a record may emit. */
  get emitted(): number {
    return this.#all.reduce((sum, { emitted }) => sum + emitted, 0)
  }

  /**
   * Adds a record; `goOn` is given what comes out of the node: sessions that are gone, where those are told of, then the one
   * that the record is in. What Kafka Streams leaves out, such as a record that is late, is in doubt. Throws `NotFusable`.
   */
  add(
    node: SessionAggregateNode,
    flow: Flow,
    code: ExpressionCode,
    goOn: (result: Flow) => void,
  ): void {
    const { name, fields = [], retracts } = node
    this.#requireFusable(node, flow)
    const writer = this.#writer
    const n = this.#all.length
    const sessions = `sessions${n}`
    const values = argumentsOf(fields, writer, code)
    const { time, met } = this.#meet(node, flow)
    const before = this.#merged(node, met)
    const now = updatesOf(fields, (column) => before[column] ?? '', values)
    const numbers = now.map((text) => finite(writer, text))
    this.#all.push({ name, columns: numbers.length, emitted: retracts ? MAX_EMITTED : 1 })
    writer.line(`met${n} = true; at${n} = ${time}`)
    numbers.forEach((number, column) => writer.line(`merged${n}c${column} = ${number}`))
    // As in Kafka Streams: only a session of a single point in time is replaced where it stands.
    const gone = retracts ? `(${sessions}.start < ${sessions}.end ? ${met} : 0)` : '0'
    const value = resultsOf(fields, writer, (column) => numbers[column] ?? '')
    writer.block(`for (let w = 0, gone = ${gone}; w <= gone; w++)`, () =>
      writer.emitting(() => {
        writer.line('const e = emitted++')
        writer.line('int32[ORIGINS + e] = w < gone ? ~i : i')
        const start = this.#edge(n, 'start')
        const end = this.#edge(n, 'end')
        goOn({ key: 'own', value, time: end, window: start, sessionEnd: end })
      }),
    )
  }

  /** Before the loop. `times` of sessions stand behind those of so many windows. */
  declare(windows: number): readonly string[] {
    return this.#all.map(
      (_, n) => `const sessions${n} = sessions[${n}], sessionTime${n} = times[${windows + n}]`,
    )
  }

  /** Before each record. */
  declareChanged(): readonly string[] {
    return this.#all.map(({ columns }, n) => {
      const merged = Array.from({ length: columns }, (_, column) => `merged${n}c${column} = 0`)
      return `let ${[`met${n} = false`, `at${n} = 0`, ...merged].join(', ')}`
    })
  }

  /** Once nothing is in doubt. */
  settle(): readonly string[] {
    return this.#all.flatMap(({ columns }, n) => [
      `if (met${n}) {`,
      `const row = sessions${n}.settle(at${n})`,
      ...Array.from(
        { length: columns },
        (_, column) => `sessions${n}.rows.columns[${column}][row] = merged${n}c${column}`,
      ),
      `sessionTime${n}.accept()`,
      '}',
    ])
  }

  /** For a record that turns out to be in doubt. */
  undo(): readonly string[] {
    return this.#all.map((_, n) => `sessionTime${n}.rollback()`)
  }

  #requireFusable({ name, fields, emit }: SessionAggregateNode, flow: Flow): void {
    const isFusable =
      fields !== undefined &&
      emit === 'OnUpdate' &&
      flow.key === 'own' &&
      flow.window === undefined &&
      !this.#writer.isEmitting
    if (!isFusable || this.names.includes(name)) throw new NotFusable()
  }

  /** How many sessions the record meets. */
  #meet(node: SessionAggregateNode, flow: Flow) {
    const writer = this.#writer
    const n = this.#all.length
    const time = eventTime(writer, flow)
    const met = writer.keep(`sessions${n}.keyed(${KEY_BYTES}).meet(${time}, ${node.gapMs})`)
    const closed = `sessionTime${n}.advanceTo(${time}) - ${closesAfterMs(node)}`
    writer.doubtIf(`sessions${n}.end < ${closed} || ${met} < 0`)
    return { time, met }
  }

  /** What the columns of the sessions that were met are together. */
  #merged({ fields = [] }: SessionAggregateNode, met: string): readonly string[] {
    const writer = this.#writer
    const sessions = `sessions${this.#all.length}`
    const merged = initialsOf(fields).map((initial) => writer.keep(initial, 'let'))
    writer.block(`for (let w = 0; w < ${met}; w++)`, () => {
      const row = writer.keep(`${sessions}.met[w]`)
      const cells = merged.map((_, column) =>
        writer.keep(`${sessions}.rows.columns[${column}][${row}]`),
      )
      const both = mergedOf(
        fields,
        (column) => merged[column] ?? '',
        (column) => cells[column] ?? '',
      )
      merged.forEach((name, column) => writer.line(`${name} = ${both[column]}`))
    })
    return merged
  }

  /** The slot of the start or the end of what is emitted. */
  #edge(n: number, edge: 'start' | 'end'): number {
    const sessions = `sessions${n}`
    return this.#writer.numberSlot(
      `w < gone ? ${sessions}.rows.${edge}s[${sessions}.met[w]] : ${sessions}.${edge}`,
    )
  }
}
