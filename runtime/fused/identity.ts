import { hashOf } from '../state/key-index.ts'

const LENGTH_BYTES = 4
const QUOTE = Buffer.from('"')

/** The bytes that are the same of records that are equal, as `processors/deduplicate.ts` has them. */
export class Identity {
  bytes = Buffer.alloc(256)
  length = 0

  /** The key makes them equal. */
  isKey(bytes: Uint8Array, start: number, length: number): void {
    this.length = 0
    this.#copy(bytes, start, start + length)
  }

  /** The key and what follows. */
  hasKey(bytes: Uint8Array, start: number, length: number): void {
    this.bytes.writeInt32BE(length)
    this.length = LENGTH_BYTES
    this.#copy(bytes, start, start + length)
  }

  addText(bytes: Uint8Array, start: number, end: number, isQuoted: boolean): void {
    if (isQuoted) this.#copy(QUOTE, 0, 1)
    this.#copy(bytes, start, end)
    if (isQuoted) this.#copy(QUOTE, 0, 1)
  }

  hash(): number {
    return hashOf(this.bytes, 0, this.length)
  }

  #copy(source: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start
    if (length > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes.subarray(0, this.length)], length * 2)
    const own = this.bytes
    for (let n = start, at = this.length; n < end; n++) own[at++] = source[n] ?? 0
    this.length = length
  }
}
