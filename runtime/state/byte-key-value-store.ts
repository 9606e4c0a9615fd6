import type { Serde } from '../serde/serde.ts'
import { Changes, type Entry } from './changes.ts'
import { bytesOf } from './bytes-of.ts'
import { grown, KeyIndex } from './key-index.ts'
import { OrderedKeys } from './ordered-keys.ts'
import { eachRecord, recordBlocks } from './record-blocks.ts'
import type { StateMemory } from './state-memory.ts'
import type { ChangelogRecord, KeyValueStore, StateBytes, StateStore, Stored } from './store.ts'
import { ValueArena } from './value-arena.ts'

const NOWHERE = -1
/** In the place of a row: none with a value, and one whose bytes are not what `JSON.stringify` makes of the value. */
const NO_ROW = -1
export const UNFIT = -2
/** Whether the bytes of a row are what its value would be written as. */
const fit = { unknown: 0, yes: 1, no: 2 } as const
/** Values that stay decoded, so that keys that come often are not decoded each time. */
const RECENT = 4096
/** Entries that are restored before room is made of what they replaced. */
const TIDY_EACH = 65_536
/** Fewer rows of keys that are gone are not worth the work of closing them up. */
const MIN_GONE = 1024

/** A value as processors made it or see it. */
interface RowEntry extends Entry {
  readonly row: number
  /** Its bytes, once somebody has asked, and what it was then. */
  text?: { readonly of: unknown; readonly bytes: Buffer }
}

/**
 * Keys as rows of columns, and values in the bytes that the changelog has; decoded are those that changed since the last commit
 * and some that were read last.
 */
export class ByteKeyValueStore implements KeyValueStore, StateStore {
  readonly name: string
  readonly #serde: Serde
  readonly #values: ValueArena
  readonly #changes = new Changes<RowEntry>(({ row }) => this.#changed.delete(row))
  readonly #changed = new Map<number, RowEntry>()
  readonly #recent = new Map<number, Stored>()
  readonly #cursors = new Set<{ row: number }>()
  #keys = new KeyIndex()
  /** By row: where the committed value is, and what goes with it. */
  #places = new Float64Array(256)
  #lengths = new Int32Array(256)
  #timestamps = new Float64Array(256)
  #fits = new Uint8Array(256)
  #stored = 0
  #restored = 0
  /** Made when somebody first asks for several keys. */
  #ordered: OrderedKeys<number> | undefined

  /** `serde`: how values are written to the changelog. `memory`: what it shares with other stores, if that is bounded. */
  constructor(name: string, serde: Serde, memory?: StateMemory) {
    this.name = name
    this.#serde = serde
    this.#values = new ValueArena(memory, () => this.#keys.bytes + this.#places.length * 20)
  }

  get size(): number {
    let size = this.#stored
    for (const { row, value } of this.#changed.values())
      size += Number(value !== undefined) - Number(this.#isStored(row))
    return size
  }

  get footprint(): StateBytes {
    return { memory: this.#values.memoryBytes, disk: this.#values.diskBytes }
  }

  get(key: Buffer): Stored | undefined {
    const row = this.#keys.find(key)
    return row < 0 ? undefined : this.#at(row)
  }

  put(key: Buffer, value: unknown, timestamp: number): void {
    const row = this.#rowOf(key, 0, key.length)
    const known = this.#changed.get(row)
    this.#changes.set(known ?? this.#toChange(row), value, timestamp)
  }

  /** The row of a key that has a value, for who wants its JSON: `NO_ROW` or `UNFIT` where there is none to be had. */
  rowAt(bytes: Uint8Array, start: number, length: number): number {
    const row = this.#keys.find(bytes, start, length)
    if (row < 0) return NO_ROW
    const changed = this.#changed.size === 0 ? undefined : this.#changed.get(row)
    if (changed !== undefined) return changed.value === undefined ? NO_ROW : row
    if (!this.#isStored(row)) return NO_ROW
    if (this.#fits[row] === fit.unknown) this.#fits[row] = this.#isFit(row) ? fit.yes : fit.no
    return this.#fits[row] === fit.yes ? row : UNFIT
  }

  /** In bytes. */
  textLength(row: number): number {
    const changed = this.#changed.size === 0 ? undefined : this.#changed.get(row)
    return changed === undefined ? (this.#lengths[row] ?? 0) : this.#textOf(changed).length
  }

  copyText(row: number, target: Uint8Array, at: number): void {
    const changed = this.#changed.size === 0 ? undefined : this.#changed.get(row)
    if (changed !== undefined) return target.set(this.#textOf(changed), at)
    this.#values.copy(this.#places[row] ?? 0, this.#lengths[row] ?? 0, target, at)
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
      yield { key: this.#keys.key(row), value: bytes, timestamp }
      this.#store(row, bytes, timestamp)
      this.#fits[row] = fit.yes
      if (value !== undefined) this.#remember(row, { value, timestamp })
    }
    this.#changed.clear()
    this.#tidy()
  }

  restore({ key, value, timestamp }: ChangelogRecord): void {
    const row = this.#rowOf(key, 0, key.length)
    this.#recent.delete(row)
    this.#store(row, value, timestamp)
    if (++this.#restored % TIDY_EACH === 0) this.#tidy()
  }

  clear(): void {
    this.#keys = new KeyIndex()
    this.#values.clear()
    this.#changes.clear()
    this.#changed.clear()
    this.#recent.clear()
    this.#stored = 0
    this.#ordered = undefined
  }

  dump(blockBytes: number): Iterable<Buffer> {
    return recordBlocks(this.#records(), blockBytes)
  }

  load(block: Buffer): void {
    eachRecord(block, (keyAt, valueAt, end, timestamp) => {
      const row = this.#rowOf(block, keyAt, valueAt)
      this.#place(row, this.#values.append(block, valueAt, end), end - valueAt)
      this.#timestamps[row] = timestamp
    })
    this.#tidy()
  }

  close(): void {
    this.#values.close()
  }

  *#records(): Iterable<ChangelogRecord> {
    const cursor = { row: 0 }
    this.#cursors.add(cursor)
    try {
      while (cursor.row < this.#keys.count) {
        const row = cursor.row++
        if (!this.#isStored(row)) continue
        const timestamp = this.#timestamps[row] ?? 0
        yield { key: this.#keys.key(row), value: this.#read(row), timestamp }
      }
    } finally {
      this.#cursors.delete(cursor)
    }
  }

  #at(row: number): Stored | undefined {
    const changed = this.#changed.get(row)
    if (changed !== undefined) return changed.value === undefined ? undefined : changed
    return this.#recent.get(row) ?? this.#decoded(row)
  }

  #decoded(row: number): Stored | undefined {
    if (!this.#isStored(row)) return undefined
    const value = this.#serde.deserialize(this.#read(row))
    const stored = { value, timestamp: this.#timestamps[row] ?? 0 }
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
    const before = this.#keys.count
    const row = this.#keys.intern(bytes, start, end - start)
    if (row < before) return row
    if (row >= this.#places.length) {
      this.#places = grown(this.#places, row + 1)
      this.#lengths = grown(this.#lengths, this.#places.length)
      this.#timestamps = grown(this.#timestamps, this.#places.length)
      this.#fits = grown(this.#fits, this.#places.length)
    }
    this.#places[row] = NOWHERE
    this.#ordered?.add(row)
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
    const bytes = this.#read(row)
    return this.#serde.serialize(this.#serde.deserialize(bytes)).equals(bytes)
  }

  #isStored(row: number): boolean {
    return this.#places[row] !== NOWHERE
  }

  #read(row: number): Buffer {
    return this.#values.read(this.#places[row] ?? 0, this.#lengths[row] ?? 0)
  }

  #store(row: number, bytes: Buffer | null, timestamp: number): void {
    if (bytes === null) this.#place(row, NOWHERE, 0)
    else this.#place(row, this.#values.append(bytes, 0, bytes.length), bytes.length)
    this.#timestamps[row] = timestamp
  }

  /** What was there before is garbage. */
  #place(row: number, place: number, length: number): void {
    const before = this.#places[row] ?? NOWHERE
    if (before !== NOWHERE) this.#values.free(before, this.#lengths[row] ?? 0)
    this.#stored += Number(place !== NOWHERE) - Number(before !== NOWHERE)
    this.#places[row] = place
    this.#lengths[row] = length
    this.#fits[row] = fit.unknown
  }

  *#present(rows: readonly number[]): Iterable<Stored & { readonly key: Buffer }> {
    for (const row of rows) {
      const stored = this.#at(row)
      if (stored === undefined) continue
      const { value, timestamp } = stored
      yield { key: Buffer.from(this.#keys.key(row)), value, timestamp }
    }
  }

  #order(): OrderedKeys<number> {
    const rows = Array.from({ length: this.#keys.count }, (_, row) => row)
    return (this.#ordered ??= new OrderedKeys(rows, (row) => this.#keys.key(row)))
  }

  /** To be called where nothing is dirty: gets rid of rows without a value and of bytes that nobody has. */
  #tidy(): void {
    const gone = this.#keys.count - this.#stored
    if (gone > Math.max(MIN_GONE, this.#stored)) this.#closeUp()
    const wasteful = this.#values.wasteful()
    if (wasteful === undefined) return
    for (let row = 0; row < this.#keys.count; row++) {
      const place = this.#places[row] ?? NOWHERE
      if (place === NOWHERE || !this.#values.isIn(wasteful, place)) continue
      const bytes = this.#read(row)
      this.#places[row] = this.#values.append(bytes, 0, bytes.length)
      this.#values.free(place, bytes.length)
    }
  }

  #move(row: number, to: number): void {
    this.#places[to] = this.#places[row] ?? NOWHERE
    this.#lengths[to] = this.#lengths[row] ?? 0
    this.#timestamps[to] = this.#timestamps[row] ?? 0
    this.#fits[to] = this.#fits[row] ?? fit.unknown
  }

  /** Rows keep their order, so that whoever goes through them goes on where it was. */
  #closeUp(): void {
    const cursors = [...this.#cursors].map((cursor) => ({ cursor, until: cursor.row }))
    const { count } = this.#keys
    this.#keys = this.#keys.only((row) => this.#isStored(row))
    let to = 0
    for (let row = 0; row < count; row++) {
      for (const { cursor, until } of cursors) if (row === until) cursor.row = to
      if (!this.#isStored(row)) continue
      this.#move(row, to)
      to++
    }
    for (const { cursor, until } of cursors) if (until >= count) cursor.row = to
    this.#recent.clear()
    this.#ordered = undefined
  }
}
