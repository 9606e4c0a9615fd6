import type { RecordBatch } from '../broker/record-batch.ts'
import type { Serde } from '../serde/serde.ts'
import { Changes, type Entry } from './changes.ts'
import { bytesOf } from './bytes-of.ts'
import { OrderedKeys } from './ordered-keys.ts'
import type { StateMemory } from './state-memory.ts'
import type { ChangelogRecord, KeyValueStore, StateBytes, StateStore, Stored } from './store.ts'
import { fit, StoredRows } from './stored-rows.ts'

/** In the place of a row: none with a value, and one whose bytes are not what `JSON.stringify` makes of the value. */
const NO_ROW = -1
export const UNFIT = -2
/** Values that stay decoded, so that keys that come often are not decoded each time. */
const RECENT = 4096
/** Entries that are restored before room is made of what they replaced. */
const TIDY_EACH = 65_536

/** A value as processors made it or see it. */
interface RowEntry extends Entry {
  readonly row: number
  /** Its bytes, once somebody has asked, and what it was then. */
  text?: { readonly of: unknown; readonly bytes: Buffer }
}

/**
 * What is committed is kept as bytes in rows; decoded are values that changed since the last commit and some that were read last.
 */
export class ByteKeyValueStore implements KeyValueStore, StateStore {
  readonly name: string
  readonly #serde: Serde
  readonly #rows: StoredRows
  readonly #changes = new Changes<RowEntry>(({ row }) => this.#changed.delete(row))
  readonly #changed = new Map<number, RowEntry>()
  readonly #recent = new Map<number, Stored>()
  #restored = 0
  /** Made when somebody first asks for several keys. */
  #ordered: OrderedKeys<number> | undefined

  /** `serde`: how values are written to the changelog. `memory`: what it shares with other stores, if that is bounded. */
  constructor(name: string, serde: Serde, memory?: StateMemory) {
    this.name = name
    this.#serde = serde
    this.#rows = new StoredRows(memory)
  }

  get size(): number {
    let { size } = this.#rows
    for (const { row, value } of this.#changed.values())
      size += Number(value !== undefined) - Number(this.#rows.has(row))
    return size
  }

  get footprint(): StateBytes {
    return { memory: this.#rows.memoryBytes, disk: this.#rows.diskBytes }
  }

  get(key: Buffer): Stored | undefined {
    const row = this.#rows.find(key, 0, key.length)
    return row < 0 ? undefined : this.#at(row)
  }

  put(key: Buffer, value: unknown, timestamp: number): void {
    const row = this.#rowOf(key, 0, key.length)
    const known = this.#changed.get(row)
    this.#changes.set(known ?? this.#toChange(row), value, timestamp)
  }

  /** The row of a key that has a value, for who wants its JSON: `NO_ROW` or `UNFIT` where there is none to be had. */
  rowAt(bytes: Uint8Array, start: number, length: number): number {
    const row = this.#rows.find(bytes, start, length)
    if (row < 0) return NO_ROW
    const changed = this.#changed.size === 0 ? undefined : this.#changed.get(row)
    if (changed !== undefined) return changed.value === undefined ? NO_ROW : row
    if (!this.#rows.has(row)) return NO_ROW
    if (this.#rows.fit(row) === fit.unknown)
      this.#rows.setFit(row, this.#isFit(row) ? fit.yes : fit.no)
    return this.#rows.fit(row) === fit.yes ? row : UNFIT
  }

  /** In bytes. */
  textLength(row: number): number {
    const changed = this.#changed.size === 0 ? undefined : this.#changed.get(row)
    return changed === undefined ? this.#rows.length(row) : this.#textOf(changed).length
  }

  copyText(row: number, target: Uint8Array, at: number): void {
    const changed = this.#changed.size === 0 ? undefined : this.#changed.get(row)
    if (changed !== undefined) return target.set(this.#textOf(changed), at)
    this.#rows.copy(row, target, at)
  }

  entries(): Iterable<Stored & { readonly key: Buffer }> {
    return this.#present(this.#order().all())
  }

  withPrefix(prefix: Buffer): Iterable<Stored & { readonly key: Buffer }> {
    return this.#present(this.#order().withPrefix(prefix))
  }

  accept(): void {
    this.#changes.accept()
  }

  get mark(): number {
    return this.#changes.mark
  }

  rollback(mark?: number): void {
    this.#changes.rollback(mark)
  }

  *takeDirty(): Iterable<ChangelogRecord> {
    for (const { row, value, timestamp } of this.#changes.takeDirty()) {
      const bytes = bytesOf(value, this.#serde)
      yield { key: this.#rows.key(row), value: bytes, timestamp }
      this.#rows.store(row, bytes, timestamp)
      this.#rows.setFit(row, fit.yes)
      if (value !== undefined) this.#remember(row, { value, timestamp })
    }
    this.#changed.clear()
    this.#tidy()
  }

  restore({ key, value, timestamp }: ChangelogRecord): void {
    const row = this.#rowOf(key, 0, key.length)
    this.#recent.delete(row)
    this.#rows.store(row, value, timestamp)
    this.#tidyEach(1)
  }

  restoreBatch(batch: RecordBatch): void {
    this.#recent.clear()
    const { count } = this.#rows
    this.#rows.storeBatch(batch)
    if (this.#rows.count > count) this.#ordered = undefined
    this.#tidyEach(batch.recordCount)
  }

  clear(): void {
    this.#rows.clear()
    this.#changes.clear()
    this.#changed.clear()
    this.#recent.clear()
    this.#ordered = undefined
  }

  dump(blockBytes: number): Iterable<Buffer> {
    return this.#rows.dump(blockBytes)
  }

  reserve(entries: number): void {
    this.#rows.reserve(entries)
  }

  load(block: Buffer): void {
    this.#rows.load(block)
    this.#tidy()
  }

  close(): void {
    this.#rows.close()
  }

  #at(row: number): Stored | undefined {
    const changed = this.#changed.get(row)
    if (changed !== undefined) return changed.value === undefined ? undefined : changed
    return this.#recent.get(row) ?? this.#decoded(row)
  }

  #decoded(row: number): Stored | undefined {
    if (!this.#rows.has(row)) return undefined
    const value = this.#serde.deserialize(this.#rows.read(row))
    const stored = { value, timestamp: this.#rows.timestamp(row) }
    this.#remember(row, stored)
    return stored
  }

  #toChange(row: number): RowEntry {
    const { value, timestamp } = this.#at(row) ?? { value: undefined, timestamp: 0 }
    this.#recent.delete(row)
    const entry = { row, value, timestamp, dirty: false }
    this.#changed.set(row, entry)
    return entry
  }

  #remember(row: number, stored: Stored): void {
    this.#recent.set(row, stored)
    if (this.#recent.size <= RECENT) return
    const [oldest] = this.#recent.keys()
    if (oldest !== undefined) this.#recent.delete(oldest)
  }

  #rowOf(bytes: Buffer, start: number, end: number): number {
    const { count } = this.#rows
    const row = this.#rows.rowOf(bytes, start, end)
    if (row === count) this.#ordered?.add(row)
    return row
  }

  #textOf(changed: RowEntry): Buffer {
    const { value, text } = changed
    if (text !== undefined && text.of === value) return text.bytes
    const bytes = this.#serde.serialize(value)
    changed.text = { of: value, bytes }
    return bytes
  }

  /** What this runtime has written is. */
  #isFit(row: number): boolean {
    const bytes = this.#rows.read(row)
    return this.#serde.serialize(this.#serde.deserialize(bytes)).equals(bytes)
  }

  *#present(rows: readonly number[]): Iterable<Stored & { readonly key: Buffer }> {
    for (const row of rows) {
      const stored = this.#at(row)
      if (stored === undefined) continue
      const { value, timestamp } = stored
      yield { key: Buffer.from(this.#rows.key(row)), value, timestamp }
    }
  }

  #order(): OrderedKeys<number> {
    if (this.#ordered !== undefined) return this.#ordered
    const rows = Array.from({ length: this.#rows.count }, (_, row) => row)
    this.#ordered = new OrderedKeys(rows, (row) => this.#rows.key(row))
    return this.#ordered
  }

  #tidyEach(restored: number): void {
    this.#restored += restored
    if (this.#restored < TIDY_EACH) return
    this.#restored = 0
    this.#tidy()
  }

  /** To be called where nothing is dirty. */
  #tidy(): void {
    if (!this.#rows.tidy()) return
    this.#recent.clear()
    this.#ordered = undefined
  }
}
