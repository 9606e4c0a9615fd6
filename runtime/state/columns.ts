export type Column =
  | Uint8Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>

type ColumnOf<C extends Column> = new (length: number) => C

/** A copy at least twice as long, so that growing costs little a number. */
export const grown = <C extends Column>(column: C, length: number): C =>
  lengthened(column, Math.max(length, column.length * 2))

/** A copy of this length. */
export function lengthened<C extends Column>(column: C, length: number): C {
  const longer = new (column.constructor as ColumnOf<C>)(length)
  longer.set(column)
  return longer
}

/** What the column has in these rows, in their order. */
export function picked<C extends Column>(column: C, rows: Int32Array): C {
  const found = new (column.constructor as ColumnOf<C>)(rows.length)
  for (let n = 0; n < rows.length; n++) found[n] = column[rows[n] ?? 0] ?? 0
  return found
}
