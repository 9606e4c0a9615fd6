import { parseWindowStoreKey, windowStoreKey } from '../serde/window-key.ts'
import { ColumnStore } from './column-store.ts'
import { KeyIndex } from './key-index.ts'
import type { NumberFields } from './number-fields.ts'
import type {
  ChangelogRecord,
  RowTarget,
  StateBytes,
  StateStore,
  Stored,
  StoredWindow,
  WindowStore,
} from './store.ts'
import { TimeIndex } from './time-index.ts'
import { NO_KEY } from './timed-entries.ts'

/** Windows may be many and of few keys. */
const ROOM = 8
const START_BYTES = 8
/** A window has room for all keys of those before it, if it is likely to have one of so many of them. */
const SPARSE = 4
/** One a key and start. */
const SEQUENCE = 0

/** The windows of all keys that start at one time. */
interface Opened {
  readonly first: number
  readonly last: number
  readonly windows: readonly ColumnStore[]
}

const NONE: Opened = { first: NaN, last: NaN, windows: [] }

/**
 * A window store whose values are objects of numbers: rows and columns for each start, which go as a whole once it is as old as the
 * retention. Generated code works on the columns themselves: it adds a record to the windows that `open` gives, then says so
 * with `settle`.
 */
export class ColumnWindowStore implements WindowStore, StateStore {
  readonly name: string
  readonly #retentionMs: number
  readonly #fields: NumberFields
  readonly #windows = new TimeIndex<ColumnStore>()
  /** Those that may have changed since the last commit, whether they are still there or not, with their start. */
  readonly #changed = new Map<ColumnStore, number>()
  /** Those that were made last. */
  #newest: ColumnStore | undefined
  #undo: { readonly windows: ColumnStore; readonly mark: number }[] = []
  #opened = NONE
  #latest = -1
  /** As of the last record that was accepted. */
  #acceptedLatest = -1

  constructor(name: string, retentionMs: number, fields: NumberFields) {
    this.name = name
    this.#retentionMs = retentionMs
    this.#fields = fields
  }

  get size(): number {
    return this.#all().reduce((sum, { size }) => sum + size, 0)
  }

  get footprint(): StateBytes {
    const all = this.#all()
    const keys = new Set(all.map((windows) => windows.keys))
    const keyBytes = [...keys].reduce((sum, { bytes }) => sum + bytes, 0)
    return { memory: all.reduce((sum, { columnBytes }) => sum + columnBytes, keyBytes), disk: 0 }
  }

  get latest(): number {
    return this.#latest
  }

  get(key: Buffer, start: number): Stored | undefined {
    return start < this.#earliest ? undefined : this.#windows.get(start)?.get(key)
  }

  put(key: Buffer, start: number, value: unknown, timestamp: number): void {
    this.#latest = Math.max(this.#latest, start)
    if (start < this.#earliest) return
    const windows = this.#at(start)
    this.#undo.push({ windows, mark: windows.mark })
    windows.put(key, value, timestamp)
  }

  *fetch(key: Buffer, from: number, to: number): Iterable<StoredWindow> {
    for (const start of this.#starts(from, to)) {
      const stored = this.get(key, start)
      if (stored !== undefined) yield { ...stored, key, start }
    }
  }

  *fetchAll(from: number, to: number): Iterable<StoredWindow> {
    for (const start of this.#starts(from, to)) {
      const rows = this.#windows.get(start)?.entries() ?? []
      for (const row of rows) yield { ...row, start }
    }
  }

  /**
   * The windows that start at `first` and every `step` up to `last`, one store of keys each, for a record that is to be in all of
   * them; undefined if the first is expired by then.
   */
  open(first: number, step: number, last: number): readonly ColumnStore[] | undefined {
    if (first <= Math.max(this.#latest, last) - this.#retentionMs) return undefined
    if (this.#opened.first === first && this.#opened.last === last) return this.#opened.windows
    const windows: ColumnStore[] = []
    for (let start = first; start <= last; start += step) windows.push(this.#at(start))
    this.#opened = { first, last, windows }
    return windows
  }

  /** A record is in the windows up to the one that starts at `last`. */
  settle(last: number): void {
    if (last <= this.#latest) return
    this.#latest = last
    this.#acceptedLatest = last
    this.#expire()
  }

  accept(): void {
    for (const { windows } of this.#undo) windows.accept()
    this.#undo.length = 0
    if (this.#acceptedLatest === this.#latest) return
    this.#acceptedLatest = this.#latest
    this.#expire()
  }

  get mark(): number {
    return this.#undo.length
  }

  rollback(mark = 0): void {
    for (const { windows, mark: before } of this.#undo.splice(mark).reverse())
      windows.rollback(before)
    if (mark === 0) this.#latest = this.#acceptedLatest
  }

  *takeDirty(): Iterable<ChangelogRecord> {
    for (const [windows, start] of this.#takeChanged())
      for (const { key, value, timestamp } of windows.takeDirty())
        yield { key: windowStoreKey(key, start, SEQUENCE), value, timestamp }
  }

  takeDirtyInto(target: RowTarget): void {
    for (const [windows, start] of this.#takeChanged())
      windows.takeDirtyInto(target, windowStoreKey(NO_KEY, start, SEQUENCE))
  }

  restore({ key: bytes, value, timestamp }: ChangelogRecord): void {
    const { key, start } = parseWindowStoreKey(bytes)
    this.#advanceTo(start)
    if (start >= this.#earliest) this.#there(start).restore({ key, value, timestamp })
  }

  clear(): void {
    this.#windows.clear()
    this.#changed.clear()
    this.#undo = []
    this.#opened = NONE
    this.#newest = undefined
    this.#latest = -1
    this.#acceptedLatest = -1
  }

  /** A start and rows of it each, none where it is but the time that is known. */
  *dump(blockBytes: number): Iterable<Buffer> {
    if (this.#latest >= 0) yield startOf(this.#latest)
    for (let start = this.#windows.first; start !== undefined; start = this.#windows.after(start))
      for (const rows of this.#windows.get(start)?.dump(blockBytes) ?? [])
        yield Buffer.concat([startOf(start), rows])
  }

  load(block: Buffer): void {
    const start = block.readDoubleLE(0)
    this.#advanceTo(start)
    const rows = block.subarray(START_BYTES)
    if (rows.length > 0 && start >= this.#earliest) this.#there(start).load(rows)
  }

  #takeChanged(): readonly (readonly [ColumnStore, number])[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    // Who opens them again changes them again.
    this.#opened = NONE
    return changed
  }

  get #earliest(): number {
    return this.#latest - this.#retentionMs + 1
  }

  #all(): readonly ColumnStore[] {
    return this.#windows.between(-Infinity, Infinity)
  }

  #starts(from: number, to: number): readonly number[] {
    return this.#windows.timesBetween(Math.max(from, this.#earliest), to)
  }

  #at(start: number): ColumnStore {
    const windows = this.#there(start)
    this.#changed.set(windows, start)
    return windows
  }

  #there(start: number): ColumnStore {
    const known = this.#windows.get(start)
    if (known !== undefined) return known
    const windows = new ColumnStore(this.name, this.#fields, ROOM, this.#sharedKeys())
    this.#newest = windows
    this.#windows.set(start, windows)
    return windows
  }

  /**
   * Those of the windows before, where most of them come again: then a key is looked for once, however many windows it is in.
   * Keys that do not come again are given up with the windows that they were in.
   */
  #sharedKeys(): KeyIndex {
    const { keys, size } = this.#newest ?? { keys: undefined, size: 0 }
    const areOfUse = keys !== undefined && keys.count <= Math.max(ROOM, size * SPARSE)
    return areOfUse ? keys : new KeyIndex(ROOM)
  }

  /** From the changelog: nothing undoes it. */
  #advanceTo(start: number): void {
    this.#latest = Math.max(this.#latest, start)
    this.accept()
  }

  /** What changed and expires before the commit is still written: the changelog has it as long. */
  #expire(): void {
    if ((this.#windows.first ?? Infinity) < this.#earliest) this.#windows.takeBefore(this.#earliest)
  }
}

function startOf(start: number): Buffer {
  const bytes = Buffer.allocUnsafe(START_BYTES)
  bytes.writeDoubleLE(start)
  return bytes
}
