import type { TopicPartition } from '../broker/broker.ts'
import {
  headersAt,
  keyAt,
  type RecordBatch,
  type RecordColumns,
  valueAt,
} from '../broker/record-batch.ts'
import type { Serde } from '../serde/serde.ts'
import { keyWithoutWindow, windowInKey, type WindowKeys } from '../serde/window-key.ts'
import type { RecordHeader, Window } from '../topology/record.ts'

const NO_HEADERS: readonly RecordHeader[] = []

/** How the keys and the values of a partition are read. */
export interface RecordSerdes {
  readonly keySerde: Serde
  readonly serde: Serde
  /** Set: keys are written with a window. */
  readonly windows?: WindowKeys
}

/** Where records come from, and how they are read there. One object for all records of a batch. */
export interface RecordOrigin extends Omit<RecordSerdes, 'windows'> {
  readonly from: TopicPartition
  offsetAt(index: number): number
  timestampAt(index: number): number
  /** Without the window. */
  keyAt(index: number): Buffer | null
  /** As it is written there. */
  wholeKeyAt(index: number): Buffer | null
  windowAt(index: number): Window | null
  valueAt(index: number): Buffer | null
  headersAt(index: number): readonly RecordHeader[]
}

/** A batch as it was fetched. */
export class BatchOrigin implements RecordOrigin {
  readonly from: TopicPartition
  readonly batch: RecordBatch
  readonly columns: RecordColumns
  readonly keySerde: Serde
  readonly serde: Serde
  readonly #windows: WindowKeys | undefined
  /** Of the batch, whose getters would read them from its header each time. */
  readonly #baseOffset: number
  readonly #baseTimestamp: number
  readonly #appendTime: number | undefined

  constructor(
    from: TopicPartition,
    batch: RecordBatch,
    { keySerde, serde, windows }: RecordSerdes,
  ) {
    this.from = from
    this.batch = batch
    this.columns = batch.columns()
    this.keySerde = keySerde
    this.serde = serde
    this.#windows = windows
    this.#baseOffset = batch.baseOffset
    this.#baseTimestamp = batch.baseTimestamp
    this.#appendTime = batch.appendTime
  }

  offsetAt(index: number): number {
    return this.#baseOffset + (this.columns.offsetDelta[index] ?? 0)
  }

  timestampAt(index: number): number {
    return this.#appendTime ?? this.#baseTimestamp + (this.columns.timestampDelta[index] ?? 0)
  }

  keyAt(index: number): Buffer | null {
    const bytes = this.wholeKeyAt(index)
    return bytes === null || this.#windows === undefined
      ? bytes
      : keyWithoutWindow(bytes, this.#windows)
  }

  wholeKeyAt(index: number): Buffer | null {
    return keyAt(this.columns, index)
  }

  windowAt(index: number): Window | null {
    if (this.#windows === undefined) return null
    const bytes = this.wholeKeyAt(index)
    return bytes === null ? null : windowInKey(bytes, this.#windows)
  }

  valueAt(index: number): Buffer | null {
    return valueAt(this.columns, index)
  }

  headersAt(index: number): readonly RecordHeader[] {
    const headers = headersAt(this.columns, index)
    return headers.length === 0 ? NO_HEADERS : headers.map(([key, value]) => ({ key, value }))
  }
}

/** Where a record came from whose batch is gone. */
export interface RecordContext {
  readonly from: TopicPartition
  readonly offset: number
  readonly timestamp: number
  readonly headers: readonly RecordHeader[]
}

/** A single record that waited in a store, or that the job makes at a time of its own. */
export class StoredOrigin implements RecordOrigin {
  readonly from: TopicPartition
  readonly keySerde: Serde
  readonly serde: Serde
  readonly #context: RecordContext
  readonly #key: Buffer | null

  constructor(context: RecordContext, key: Buffer | null, { keySerde, serde }: RecordSerdes) {
    this.from = context.from
    this.#context = context
    this.#key = key
    this.keySerde = keySerde
    this.serde = serde
  }

  offsetAt(): number {
    return this.#context.offset
  }

  timestampAt(): number {
    return this.#context.timestamp
  }

  keyAt(): Buffer | null {
    return this.#key
  }

  wholeKeyAt(): Buffer | null {
    return this.#key
  }

  /** Whoever takes the record out of its store gives it its window. */
  windowAt(): null {
    return null
  }

  /** Whoever takes the record out of its store gives it its value. */
  valueAt(): Buffer | null {
    return null
  }

  headersAt(): readonly RecordHeader[] {
    return this.#context.headers
  }
}
