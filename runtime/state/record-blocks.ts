import type { ChangelogRecord, StateStore } from './store.ts'

const HEAD_BYTES = 16
const NO_VALUE = -1

/** Records as bytes, `key length | value length | time | key | value` each, some at a time. */
export function* recordBlocks(
  records: Iterable<ChangelogRecord>,
  blockBytes: number,
): Generator<Buffer> {
  let parts: Buffer[] = []
  let bytes = 0
  for (const { key, value, timestamp } of records) {
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    head.writeUInt32LE(key.length, 0)
    head.writeInt32LE(value?.length ?? NO_VALUE, 4)
    head.writeDoubleLE(timestamp, 8)
    parts.push(head, key)
    if (value !== null) parts.push(value)
    bytes += HEAD_BYTES + key.length + (value?.length ?? 0)
    if (bytes < blockBytes) continue
    yield Buffer.concat(parts, bytes)
    parts = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(parts, bytes)
}

/** Calls back for each record of a block, with where its parts are; `end` is before `valueAt` where the value is null. */
export function eachRecord(
  block: Buffer,
  visit: (keyAt: number, valueAt: number, end: number, timestamp: number) => void,
): void {
  for (let at = 0; at < block.length;) {
    const keyAt = at + HEAD_BYTES
    const valueAt = keyAt + block.readUInt32LE(at)
    const end = valueAt + block.readInt32LE(at + 4)
    if (end > block.length)
      throw new RangeError(`a record ends ${end - block.length} bytes too late`)
    visit(keyAt, valueAt, end, block.readDoubleLE(at + 8))
    at = Math.max(valueAt, end)
  }
}

/** Throws `RangeError` where the bytes are not those of `recordBlocks`. */
export const restoreBlock = (block: Buffer, store: Pick<StateStore, 'restore'>): void =>
  eachRecord(block, (keyAt, valueAt, end, timestamp) => {
    const value = end < valueAt ? null : block.subarray(valueAt, end)
    store.restore({ key: block.subarray(keyAt, valueAt), value, timestamp })
  })
