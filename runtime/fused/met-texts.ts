import type { CodeWriter } from './code.ts'
import { kind } from './kernel.ts'

/** Bytes for the texts that the records of a program have met. */
export const MET_BYTES = 1024 * 1024
/** What meets a record at one node, if it is more, is for the interpreter. */
export const MAX_MET_BYTES = 64 * 1024
/** A node's room is left free in front of each record. */
const MAX_NODES = 8

/**
 * The texts that records have met in stores, one after the other up to `metEnd`, until what was made of them is written.
 */
export class MetTexts {
  readonly #writer: CodeWriter
  #nodes = 0

  constructor(writer: CodeWriter) {
    this.#writer = writer
  }

  get isUsed(): boolean {
    return this.#nodes > 0
  }

  /** Returns whether there is room for what one node more puts there. */
  addNode(): boolean {
    return ++this.#nodes <= MAX_NODES
  }

  /** Puts the text of a row of a store into a slot. */
  place(store: string, row: string, slot: number): void {
    const writer = this.#writer
    writer.line(`${writer.kind(slot)} = ${kind.object}`)
    writer.line(`${writer.start(slot)} = metEnd`)
    writer.line(`${store}.copyText(${row}, bytes, metEnd)`)
    writer.line(`metEnd += ${store}.textLength(${row})`)
    writer.line(`${writer.end(slot)} = metEnd`)
  }

  /** Puts null into a slot, where there is no row. */
  placeNull(slot: number): void {
    const writer = this.#writer
    writer.line(`${writer.kind(slot)} = ${kind.null}`)
    writer.line(`${writer.start(slot)} = NULL`)
    writer.line(`${writer.end(slot)} = NULL + 4`)
  }

  /** Before the loop, and wherever all is written. */
  declare(): readonly string[] {
    return this.isUsed ? ['let metEnd = MET'] : []
  }

  refresh(): readonly string[] {
    return this.isUsed ? ['metEnd = MET'] : []
  }

  /** Before each record: what it meets is to have its place. */
  declareChanged(): readonly string[] {
    if (!this.isUsed) return []
    return [
      `if (metEnd > MET + ${MET_BYTES - this.#nodes * MAX_MET_BYTES}) {`,
      'full(i, emitted)',
      'emitted = 0',
      'metEnd = MET',
      ';({ bytes, int32, float64 } = kernel)',
      '}',
    ]
  }
}
