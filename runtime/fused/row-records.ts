import { varintSize, writeVarint } from '../broker/varint.ts'
import type { ColumnStore } from '../state/column-store.ts'
import type { Kernel } from './kernel.ts'

const NO_HEADERS = Buffer.from([0])

/**
 * Puts rows that wait where the kernel finds the records of a chunk: their keys, times and headers, with nothing in the place
 * of values.
 */
export function placeRows(kernel: Kernel, store: ColumnStore, rows: Int32Array): void {
  const { held, timestamps } = store
  const headersOf = (row: number) => held.headers(row) ?? NO_HEADERS
  let size = 0
  for (const row of rows) size += sizeOfKey(store, row) + headersOf(row).length
  let end = kernel.room(size, 0)
  const { int32, float64, at } = kernel
  const bytes = Buffer.from(kernel.bytes.buffer)
  rows.forEach((row, i) => {
    const length = store.keyLength(row)
    int32[at.bodies / 4 + i] = end
    end = writeVarint(bytes, end, length)
    int32[at.keyStarts / 4 + i] = end
    int32[at.keyLengths / 4 + i] = length
    store.copyKey(row, bytes, end)
    end += length
    int32[at.headers / 4 + i] = end
    const headers = headersOf(row)
    bytes.set(headers, end)
    end += headers.length
    int32[at.recordEnds / 4 + i] = end
    float64[at.timestamps / 8 + i] = timestamps[row] ?? 0
  })
}

function sizeOfKey(store: ColumnStore, row: number): number {
  const length = store.keyLength(row)
  return varintSize(length) + length
}
