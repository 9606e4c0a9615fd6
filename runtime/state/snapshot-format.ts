import { crc32 } from 'node:zlib'

/**
 * A snapshot is a file of blocks, `length | kind | CRC-32 | bytes` each, numbers little-endian. The CRC goes on from that of the block
 * before, over length, kind and bytes, so that a block that is damaged, missing or in another place does not pass. The first
 * block says what the snapshot is of, the last that it is complete; both are JSON.
 */
export const FORMAT = 'millrace-snapshot/3'
export const HEAD_BYTES = 12

export const kinds = { head: 1, data: 2, foot: 3 } as const
export type BlockKind = keyof typeof kinds

/** What a snapshot is of. */
export interface SnapshotHead {
  readonly format: typeof FORMAT
  readonly topic: string
  readonly partition: number
  /** Of the changelog, where brokers tell: one that was created anew has another. */
  readonly topicId?: string
  /** How the store is laid out. */
  readonly layout: string
  /** How many there were when it was begun. */
  readonly entries: number
  /** The offset of the changelog from which on changes may be missing. */
  readonly start: number
  /** When it was begun, in milliseconds since the epoch. */
  readonly startedAt: number
  /** Of the task, at that moment. */
  readonly streamTime: number
}

export interface SnapshotFoot {
  /** The offset of the changelog from which on no change is in it. */
  readonly end: number
}

/** What comes before the bytes of a block, and the CRC for the next one to go on from. */
export function blockHead(
  kind: BlockKind,
  bytes: Uint8Array,
  crcBefore: number,
): { readonly head: Buffer; readonly crc: number } {
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head.writeUInt32LE(bytes.length, 0)
  head.writeUInt32LE(kinds[kind], 4)
  const crc = crcOf(head, bytes, crcBefore)
  head.writeUInt32LE(crc, 8)
  return { head, crc }
}

export const crcOf = (head: Buffer, bytes: Uint8Array, crcBefore: number): number =>
  crc32(bytes, crc32(head.subarray(0, 8), crcBefore))

export const kindOf = (code: number): BlockKind | undefined =>
  (Object.keys(kinds) as BlockKind[]).find((kind) => kinds[kind] === code)
