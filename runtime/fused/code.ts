import { type Kernel, kind } from './kernel.ts'

/** A value in generated code: a JavaScript expression that is known to be a number or a bool, a constant, or a slot. */
export type Code =
  | { readonly type: 'number' | 'bool'; readonly text: string }
  | { readonly type: 'constant'; readonly value: Constant }
  | { readonly type: 'slot'; readonly slot: number }

export type Constant = string | number | boolean | null

/** What becomes of the fields of an object, as `kernel/project-values.ts` reads it. */
export interface ProjectedFields {
  /** Whether fields that are not named stay. */
  readonly othersStay: boolean
  /** Name → new name; undefined for a field that goes. */
  readonly named: ReadonlyMap<string, string | undefined>
  /** An object that has this field is in doubt. */
  readonly refused?: string
}

/** What the fused path cannot do. Nothing is wrong with the job: the interpreter does it. */
export class NotFusable extends Error {
  override readonly name = 'NotFusable'
}

/** The key's slot, where the code reads the key. */
export const KEY_SLOT = -1

/** The bytes of the record's key, as arguments. */
export const KEY = 'bytes, int32[KEY_STARTS + i], int32[KEY_LENGTHS + i]'

/** Up to here the quotient of a time and a number of milliseconds is never rounded up to a whole number. */
export const MAX_TIME = 2 ** 51

/** The time of a record on its way; what is before the epoch or far beyond it is in doubt. */
export function timeOf(writer: CodeWriter, flow: { readonly time?: number }): string {
  const own = flow.time === undefined ? 'float64[TIMESTAMPS + i]' : writer.number(flow.time)
  const time = writer.keep(own)
  writer.doubtIf(`!(${time} >= 0 && ${time} < ${MAX_TIME})`)
  return time
}

/** Takes the record out of the fused path: the interpreter gives the exact result, or the exact fault. */
export const DOUBT = 'break clear'

/**
 * The body of the loop over a chunk, written line by line. `i` is the record; `bytes`, `int32` and `float64` are views of the
 * kernel's memory; `K3`, `S3`, `E3`, `N3` are where the columns of slot 3 begin in them.
 */
export class CodeWriter {
  #lines: string[] = []
  /** Byte strings that the code compares with, as `texts[n]`. */
  readonly texts: Buffer[] = []
  /** Names of the job's that stores are asked about, as `names[n]`. */
  readonly names: string[] = []
  /** What `projectValue` is given, as `PROJECTION0` and so on. */
  readonly projections: ProjectedFields[] = []
  readonly #used = new Set<number>()
  /** Slots of what windows emit, of which one record may do so several times. */
  readonly #emitted = new Set<number>()
  #isEmitting = false
  #kept = 0
  #extraSlots = 1

  /** How many slots lie beyond those of the fields: the key first, then what is computed. */
  get extraSlots(): number {
    return this.#extraSlots
  }

  newSlot(): number {
    const slot = -++this.#extraSlots
    if (this.#isEmitting) this.#emitted.add(slot)
    return slot
  }

  /** A new slot that is this number. */
  numberSlot(text: string): number {
    const slot = this.newSlot()
    this.line(`${this.number(slot)} = ${text}`)
    return slot
  }

  /** True where the code is of what a window emits, whose place among all that is emitted is `e`. */
  get isEmitting(): boolean {
    return this.#isEmitting
  }

  /** What `body` writes is done for what a window emits. */
  emitting(body: () => void): void {
    this.#isEmitting = true
    body()
    this.#isEmitting = false
  }

  /** Whether a slot is of what is emitted, and not of the record. */
  isEmitted(slot: number): boolean {
    return this.#emitted.has(slot)
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  line(text: string): void {
    this.#lines.push(text)
  }

  /** What `body` writes, for a loop of its own. */
  apart(body: () => void): readonly string[] {
    const own = this.#lines
    this.#lines = []
    body()
    const apart = this.#lines
    this.#lines = own
    return apart
  }

  /** Keeps a value under a new name. */
  keep(text: string, declaration: 'const' | 'let' = 'const'): string {
    const name = `t${this.#kept++}`
    this.line(`${declaration} ${name} = ${text}`)
    return name
  }

  block(head: string, body: () => void): void {
    this.line(`${head} {`)
    body()
    this.line('}')
  }

  doubtIf(condition: string): void {
    this.line(`if (${condition}) ${DOUBT}`)
  }

  /** Whatever has no plain text of its own: escapes, objects, a missing field; and what comes before `first`. */
  doubtIfUnwritable(slot: number, first: number): void {
    const is = this.kind(slot)
    this.doubtIf(`${is} < ${first} || ${is} > ${kind.string}`)
  }

  kind(slot: number): string {
    return `bytes[K${this.#use(slot)} + ${this.#index(slot)}]`
  }

  start(slot: number): string {
    return `int32[S${this.#use(slot)} + ${this.#index(slot)}]`
  }

  end(slot: number): string {
    return `int32[E${this.#use(slot)} + ${this.#index(slot)}]`
  }

  number(slot: number): string {
    return `float64[N${this.#use(slot)} + ${this.#index(slot)}]`
  }

  /** The number of a slot in the kernel. */
  place(slot: number): string {
    return `P${this.#use(slot)}`
  }

  /** The name of the address of a projection. */
  projection(fields: ProjectedFields): string {
    return `PROJECTION${this.projections.push(fields) - 1}`
  }

  /** The name of a constant byte string. */
  text(value: string): string {
    return `texts[${this.texts.push(Buffer.from(value, 'utf8')) - 1}]`
  }

  /** The name of a constant string. */
  name(value: string): string {
    return `names[${this.names.push(value) - 1}]`
  }

  /** Where the columns of the used slots begin, once the kernel has placed them. `placeOf` gives a slot its final number. */
  addresses({ at, chunk }: Kernel, placeOf: (slot: number) => number): string[] {
    return [...this.#used].map((slot) => {
      const place = placeOf(slot)
      const first = place * chunk
      const columns = [at.kinds, at.starts / 4, at.ends / 4, at.numbers / 8].map((n) => n + first)
      const [kinds, starts, ends, numbers] = columns
      const name = nameOf(slot)
      return `const P${name} = ${place}, K${name} = ${kinds}, S${name} = ${starts}, E${name} = ${ends}, N${name} = ${numbers}`
    })
  }

  #index(slot: number): 'i' | 'e' {
    return this.#emitted.has(slot) ? 'e' : 'i'
  }

  #use(slot: number): string {
    this.#used.add(slot)
    return nameOf(slot)
  }
}

/** Slots below 0 are those that are not read from the value: the key, and what is computed. */
const nameOf = (slot: number): string => (slot < 0 ? `x${-slot}` : String(slot))
