import type { FetchedRecord } from '../broker/fetched-records.ts'
import { partitionFor } from '../broker/partitioner.ts'
import type { Header } from '../broker/record-batch.ts'
import { RecordBatchBuilder } from '../broker/record-batch-builder.ts'
import { type Serde, serdes } from '../serde/serde.ts'
import { keyWithoutWindow, type WindowKeys, windowInKey } from '../serde/window-key.ts'
import { SerdeFault } from '../serde/serde-fault.ts'
import type { RecordFormats } from '../topology/repartition-formats.ts'

/** A record on its way in. */
export interface PipedRecord {
  /** Written in the key format of the input, a `Buffer` as it is; no key unless given. */
  readonly key?: unknown
  /** Written in the format of the input, a `Buffer` as it is; null is a tombstone. */
  readonly value: unknown
  /** Event time in milliseconds since the epoch; the wall clock unless given. */
  readonly timestamp?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Unset: by the key, as every producer does; 0 for a record without key. */
  readonly partition?: number
}

/** A record that came out, decoded. What its format cannot decode is given as text. */
export interface ReadRecord {
  /** `{ key, start, end }` where it is written with its window. */
  readonly key: unknown
  readonly value: unknown
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
  readonly partition: number
}

/** The batch of one record, and the partition it goes to. Throws `SerdeFault` for what the format cannot write. */
export function batchOf(
  { key, value, timestamp, headers = {}, partition }: PipedRecord & { readonly timestamp: number },
  { format, keyFormat }: RecordFormats,
  partitions: number,
): { readonly partition: number; readonly batch: Buffer } {
  const keyBytes = encoded(key, serdes[keyFormat])
  const builder = new RecordBatchBuilder()
  const pairs = Object.entries(headers).map(([name, text]): Header => [name, Buffer.from(text)])
  builder.append(timestamp, keyBytes, encoded(value, serdes[format]), pairs)
  const byKey = keyBytes === null ? 0 : partitionFor(keyBytes, partitions)
  return { partition: partition ?? byKey, batch: builder.build() }
}

function encoded(given: unknown, serde: Serde): Buffer | null {
  if (Buffer.isBuffer(given)) return given
  return given === null || given === undefined ? null : serde.serialize(given)
}

export const readRecord = (
  { key, value, timestamp, headers, partition }: FetchedRecord,
  { format, keyFormat, windows }: RecordFormats,
): ReadRecord => ({
  key: decodedKey(key, serdes[keyFormat], windows),
  value: decoded(value, serdes[format]),
  timestamp,
  headers: headerTexts(headers),
  partition,
})

/** With its window, where keys end with one. */
function decodedKey(bytes: Buffer | null, serde: Serde, windows: WindowKeys | undefined): unknown {
  if (bytes === null || windows === undefined) return decoded(bytes, serde)
  const key = decoded(keyWithoutWindow(bytes, windows), serde)
  return { key, ...windowInKey(bytes, windows) }
}

/** Of several headers of one name the last. */
export const headerTexts = (headers: readonly Header[]): Readonly<Record<string, string>> =>
  Object.fromEntries(headers.map(([name, value]) => [name, value?.toString() ?? '']))

/** Text, where the bytes are not of the format: a test may well be about such a record. */
export function decoded(bytes: Buffer | null, serde: Serde): unknown {
  if (bytes === null) return null
  try {
    return serde.deserialize(bytes)
  } catch (error) {
    if (error instanceof SerdeFault) return bytes.toString()
    throw error
  }
}
