import { writeInt64 } from '../broker/batch-header.ts'
import { sessionKey } from '../serde/window-key.ts'
import { type Rows, rowsBlock, rowsIn } from './column-blocks.ts'
import type { NumberFields } from './number-fields.ts'
import { scratch } from './record-scratch.ts'
import { flag, type SessionRows } from './session-rows.ts'
import type { ChangelogRecord, RowTarget, StoredSession } from './store.ts'

const TIME_BYTES = 8
/** Of a row, the least that it takes in a block, beside its key and its numbers. */
const ROW_BYTES = 4 * TIME_BYTES

export interface Session extends Pick<StoredSession, 'key' | 'start' | 'end'> {
  readonly timestamp: number
}

/** Rows of sessions as others have them: objects, changelog records, blocks of a snapshot. */
export class SessionRecords {
  readonly #rows: SessionRows
  readonly #fields: NumberFields

  constructor(rows: SessionRows, fields: NumberFields) {
    this.#rows = rows
    this.#fields = fields
  }

  stored(row: number): StoredSession {
    return { ...this.#session(row), value: this.#fields.value(this.#rows.columns, row) }
  }

  changelogRecord(row: number): ChangelogRecord {
    const { key, start, end, timestamp } = this.#session(row)
    const { columns } = this.#rows
    const value = this.#isPresent(row) ? Buffer.from(this.#fields.text(columns, row)) : null
    return { key: sessionKey(key, start, end), value, timestamp }
  }

  /** The same as `changelogRecord`, without an object. */
  append(row: number, target: RowTarget): void {
    const { starts, ends, timestamps, columns } = this.#rows
    const length = this.#rows.keyLength(row)
    const keyEnd = length + 2 * TIME_BYTES
    const bytes = scratch(keyEnd + this.#fields.maxBytes)
    this.#rows.copyKey(row, bytes, 0)
    writeInt64(bytes, length, ends[row] ?? 0)
    writeInt64(bytes, length + TIME_BYTES, starts[row] ?? 0)
    const end = this.#isPresent(row) ? this.#fields.write(columns, row, bytes, keyEnd) : -1
    target.append(timestamps[row] ?? 0, bytes, keyEnd, end)
  }

  /** Blocks of about so many bytes, each of rows as they are when it is asked for. */
  *blocks(blockBytes: number, isMeant: (row: number) => boolean): Iterable<Buffer> {
    const rowBytes = ROW_BYTES + this.#rows.columns.length * TIME_BYTES
    for (let row = 0; row < this.#rows.made;) {
      const some: number[] = []
      for (let bytes = 0; bytes < blockBytes && row < this.#rows.made; row++) {
        if (!isMeant(row)) continue
        some.push(row)
        bytes += rowBytes + this.#rows.keyLength(row)
      }
      if (some.length > 0) yield rowsBlock(this.#block(some))
    }
  }

  /** `rowOf` gives the row of each session of the block. Throws `RangeError` where the bytes are not those of `blocks`. */
  load(block: Buffer, rowOf: (session: Session) => number): void {
    const { columns } = this.#rows
    const { timestamps, columns: all, keyEnds, keys } = rowsIn(block, columns.length + 2)
    const [starts, ends, ...numbers] = all
    let keyStart = 0
    keyEnds.forEach((keyEnd, n) => {
      const key = Buffer.from(keys.subarray(keyStart, keyEnd))
      keyStart = keyEnd
      const [start = 0, end = 0, timestamp = 0] = [starts?.[n], ends?.[n], timestamps[n]]
      const row = rowOf({ key, start, end, timestamp })
      numbers.forEach((column, index) => columns[index]?.fill(column[n] ?? 0, row, row + 1))
    })
  }

  #block(some: readonly number[]): Rows {
    const { starts, ends, timestamps, columns } = this.#rows
    const keys = some.map((row) => this.#rows.keyOf(row))
    const valuesOf = (column: Float64Array) => Float64Array.from(some, (row) => column[row] ?? 0)
    let keyEnd = 0
    return {
      timestamps: valuesOf(timestamps),
      columns: [starts, ends, ...columns].map(valuesOf),
      keyEnds: Uint32Array.from(keys, ({ length }) => (keyEnd += length)),
      keys: Buffer.concat(keys),
    }
  }

  #session(row: number): Session {
    const { starts, ends, timestamps } = this.#rows
    const [start = 0, end = 0, timestamp = 0] = [starts[row], ends[row], timestamps[row]]
    return { key: this.#rows.keyOf(row), start, end, timestamp }
  }

  #isPresent(row: number): boolean {
    return this.#rows.has(row, flag.present)
  }
}
