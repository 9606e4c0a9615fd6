import type { NumberField } from '../topology/store-spec.ts'
import { NUMBER_BYTES, writeNumber } from './number-text.ts'

type Columns = readonly Float64Array[]

/** NaN, which no JSON number is, stands for null. */
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : NaN)
const valueOf = (number: number): number | null => (Number.isNaN(number) ? null : number)
/** As `JSON.stringify` writes it. */
const textOf = (number: number): string => (Number.isFinite(number) ? `${number}` : 'null')

interface Part {
  readonly name: string
  /** Names of the numbers within the field; none where the field is a number itself. */
  readonly members: readonly string[]
  readonly initial: number
  readonly first: number
}

/** Objects of numbers as rows of columns: each field a number, or an object of numbers such as that of an average. */
export class NumberFields {
  readonly #parts: readonly Part[]
  /** What stands before each number in the JSON text, and after the last. */
  readonly #texts: readonly string[]
  readonly #marks: readonly Buffer[]
  /** Columns that they take. */
  readonly count: number
  /** What each column has before the first record. */
  readonly initials: readonly number[]

  constructor(fields: readonly NumberField[]) {
    let first = 0
    this.#parts = fields.map(({ name, members, initial }) => {
      const part = { name, members, initial: numberOf(initial), first }
      first += widthOf(part)
      return part
    })
    this.count = first
    this.initials = this.#parts.flatMap(
      (part) => Array(widthOf(part)).fill(part.initial) as number[],
    )
    this.#texts = textsOf(fields)
    this.#marks = this.#texts.map((text) => Buffer.from(text))
  }

  clear(columns: Columns, row: number): void {
    for (let n = 0; n < this.count; n++) write(columns, n, row, this.initials[n] ?? 0)
  }

  set(columns: Columns, row: number, value: unknown): void {
    const object = value as Readonly<Record<string, unknown>>
    for (const { name, members, initial, first } of this.#parts) {
      const field = object[name]
      const numbers =
        members.length === 0
          ? [field]
          : members.map((member) => (field as Readonly<Record<string, unknown>> | null)?.[member])
      numbers.forEach((number, n) => {
        write(columns, first + n, row, number === undefined ? initial : numberOf(number))
      })
    }
  }

  /** Sets a row from the bytes of its `text`. False for JSON that is written otherwise, with some of the row set. */
  read(columns: Columns, row: number, bytes: Buffer): boolean {
    let at = 0
    for (let n = 0; n <= this.count; n++) {
      const mark = this.#marks[n] ?? bytes
      for (let m = 0; m < mark.length; m++) if (bytes[at + m] !== mark[m]) return false
      at += mark.length
      if (n === this.count) break
      const end = endOfNumber(bytes, at)
      const number = numberIn(bytes, at, end)
      if (number === undefined) return false
      write(columns, n, row, number)
      at = end
    }
    return at === bytes.length
  }

  value(columns: Columns, row: number): unknown {
    const at = (column: number) => valueOf(columns[column]?.[row] ?? NaN)
    return Object.fromEntries(
      this.#parts.map(({ name, members, first }) => [
        name,
        members.length === 0
          ? at(first)
          : Object.fromEntries(members.map((member, n) => [member, at(first + n)])),
      ]),
    )
  }

  /** Bytes that `write` may take. */
  get maxBytes(): number {
    return this.#marks.reduce((sum, { length }) => sum + length + NUMBER_BYTES, 0)
  }

  /** Writes `text` at a place. Returns the position after it. */
  write(columns: Columns, row: number, target: Uint8Array, at: number): number {
    let end = at
    for (let n = 0; n <= this.count; n++) {
      const mark = this.#marks[n] ?? target
      for (let m = 0; m < mark.length; m++) target[end + m] = mark[m] ?? 0
      end += mark.length
      if (n < this.count) end = writeNumber(target, end, columns[n]?.[row] ?? NaN)
    }
    return end
  }

  /** The JSON text of `value`. */
  text(columns: Columns, row: number): string {
    let text = ''
    for (let n = 0; n < this.count; n++)
      text += (this.#texts[n] ?? '') + textOf(columns[n]?.[row] ?? NaN)
    return text + (this.#texts[this.count] ?? '')
  }
}

const widthOf = ({ members }: Pick<Part, 'members'>): number => Math.max(1, members.length)

function textsOf(fields: readonly NumberField[]): readonly string[] {
  const mark = '\0'
  const template = fields.map(({ name, members }) => {
    const inner = members.map((member) => `${JSON.stringify(member)}:${mark}`).join(',')
    return `${JSON.stringify(name)}:${members.length === 0 ? mark : `{${inner}}`}`
  })
  // JSON writes a NUL in a name as an escape: the mark is nowhere else.
  return `{${template.join(',')}}`.split(mark)
}

function write(columns: Columns, column: number, row: number, number: number): void {
  const numbers = columns[column]
  if (numbers !== undefined) numbers[row] = number
}

const [ZERO, NINE, COMMA, MINUS, DOT, BRACE] = [0x30, 0x39, 0x2c, 0x2d, 0x2e, 0x7d]
/** So many digits, with a dot or without, a double holds exactly, as it does the power of ten that divides them. */
const EXACT_LENGTH = 15
const powers = Array.from({ length: EXACT_LENGTH }, (_, exponent) => 10 ** exponent)

function endOfNumber(bytes: Buffer, start: number): number {
  let end = start
  while (end < bytes.length && bytes[end] !== COMMA && bytes[end] !== BRACE) end++
  return end
}

/** undefined where it is neither a number nor null. */
function numberIn(bytes: Buffer, start: number, end: number): number | undefined {
  const first = bytes[start] === MINUS ? start + 1 : start
  let dot = first
  while (dot < end && bytes[dot] !== DOT) dot++
  const power = powers[Math.max(0, end - dot - 1)] ?? NaN
  const number = digitsIn(bytes, first, dot) * power + digitsIn(bytes, dot + 1, end)
  if (dot === first || end - first > EXACT_LENGTH || Number.isNaN(number))
    return parsed(bytes, start, end)
  return (first === start ? number : -number) / power
}

/** NaN where there is anything else. */
function digitsIn(bytes: Buffer, start: number, end: number): number {
  let number = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte < ZERO || byte > NINE) return NaN
    number = number * 10 + byte - ZERO
  }
  return number
}

function parsed(bytes: Buffer, start: number, end: number): number | undefined {
  const text = bytes.toString('latin1', start, end)
  if (text === 'null') return NaN
  const number = Number(text)
  return text === '' || Number.isNaN(number) ? undefined : number
}
