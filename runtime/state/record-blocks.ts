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

/** Throws `RangeError` where the bytes are not those of `recordBlocks`. */
export function restoreBlock(block: Buffer, store: Pick<StateStore, 'restore'>): void {
  for (let at = 0; at < block.length;) {
    const keyAt = at + HEAD_BYTES
    const valueAt = keyAt + block.readUInt32LE(at)
    const end = valueAt + block.readInt32LE(at + 4)
    if (end > block.length)
      throw new RangeError(`a record ends ${end - block.length} bytes too late`)
    const value = end < valueAt ? null : block.subarray(valueAt, end)
    const timestamp = block.readDoubleLE(at + 8)
    store.restore({ key: block.subarray(keyAt, valueAt), value, timestamp })
    at = Math.max(valueAt, end)
  }
}
