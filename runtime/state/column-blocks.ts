/** Rows of columns as bytes: `rows | columns | times | columns, one after the other | ends of keys | keys`. */

const HEAD_BYTES = 8
const NUMBER_BYTES = 8
const END_BYTES = 4

export interface Rows {
  readonly timestamps: Float64Array
  /** By number, then by row. */
  readonly columns: readonly Float64Array[]
  /** Where each key ends in `keys`; it begins where the one before ends. */
  readonly keyEnds: Uint32Array
  readonly keys: Uint8Array
}

export const rowsBlock = ({ timestamps, columns, keyEnds, keys }: Rows): Buffer =>
  Buffer.concat(
    [Uint32Array.of(keyEnds.length, columns.length), timestamps, ...columns, keyEnds, keys].map(
      inBytes,
    ),
  )

/** A view of what numbers lie in. */
export const inBytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Throws `RangeError` where the bytes are not those of `rowsBlock`, of so many columns. */
export function rowsIn(block: Buffer, columnCount: number): Rows {
  // A copy, for numbers must lie at a multiple of their size.
  const { buffer } = Uint8Array.from(block)
  const [count = 0, columnsThere = -1] = new Uint32Array(buffer, 0, 2)
  if (columnsThere !== columnCount)
    throw new RangeError(`rows of ${columnsThere} numbers where the store has ${columnCount}`)
  const columnAt = (index: number) =>
    new Float64Array(buffer, HEAD_BYTES + index * count * NUMBER_BYTES, count)
  const endsAt = HEAD_BYTES + (columnCount + 1) * count * NUMBER_BYTES
  return {
    timestamps: columnAt(0),
    columns: Array.from({ length: columnCount }, (_, index) => columnAt(index + 1)),
    keyEnds: new Uint32Array(buffer, endsAt, count),
    keys: new Uint8Array(buffer, endsAt + count * END_BYTES),
  }
}
