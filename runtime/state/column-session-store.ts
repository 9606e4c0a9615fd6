import { jsonSerde } from '../serde/json.ts'
import { parseSessionKey } from '../serde/window-key.ts'
import { grown } from './columns.ts'
import type { NumberFields } from './number-fields.ts'
import { SessionRecords } from './session-records.ts'
import { flag, SessionRows } from './session-rows.ts'
import type {
  ChangelogRecord,
  RowTarget,
  SessionStore,
  StateBytes,
  StateStore,
  StoredSession,
} from './store.ts'

const TIME_BYTES = 8
/** Sessions are further apart than their gap: a record is to be in two at most. */
const MAX_MET = 2

type Place = Pick<StoredSession, 'key' | 'start' | 'end'>

interface Undo {
  readonly row: number
  readonly numbers: readonly number[]
  readonly timestamp: number
  readonly flags: number
}

/**
 * A session store whose values are objects of numbers: a row a session, a column a number. The changelog does not hear of what
 * came and went between two commits. Generated code works on the columns themselves: `meet` finds the sessions that a record
 * is to be in, `settle` makes them one.
 */
export class ColumnSessionStore implements SessionStore, StateStore {
  readonly name: string
  readonly rows: SessionRows
  /** The rows that `meet` has found; of two, that which ended first is first. */
  readonly met = new Int32Array(MAX_MET)
  /** Of the session that they and the record become. */
  start = 0
  end = 0
  readonly #retentionMs: number
  readonly #fields: NumberFields
  readonly #records: SessionRecords
  #metKey = 0
  #metCount = 0
  #dirty = new Int32Array(256)
  #dirtyCount = 0
  #undo: Undo[] = []
  #latest = -1
  /** As of the last record that was accepted. */
  #acceptedLatest = -1
  /** The latest time when what had expired was last taken off. */
  #prunedAt = -1

  constructor(name: string, retentionMs: number, fields: NumberFields) {
    this.name = name
    this.rows = new SessionRows(fields)
    this.#retentionMs = retentionMs
    this.#fields = fields
    this.#records = new SessionRecords(this.rows, fields)
  }

  get size(): number {
    let size = 0
    for (let row = 0; row < this.rows.made; row++) if (this.#isThere(row)) size++
    return size
  }

  get footprint(): StateBytes {
    return { memory: this.rows.bytes + this.#dirty.byteLength, disk: 0 }
  }

  find(key: Buffer, earliestEnd: number, latestStart: number): Iterable<StoredSession> {
    const { rows } = this
    const found: StoredSession[] = []
    for (let row = rows.first(rows.find(key)); row >= 0; row = rows.after(row)) {
      const [start = 0, end = 0] = [rows.starts[row], rows.ends[row]]
      if (end < earliestEnd) break
      if (start <= latestStart && this.#isThere(row)) found.push(this.#records.stored(row))
    }
    return found.reverse()
  }

  fetchAll(earliestEnd: number, latestEnd: number): Iterable<StoredSession> {
    const { made, ends } = this.rows
    return Array.from({ length: made }, (_, row) => row)
      .filter((row) => (ends[row] ?? 0) >= earliestEnd && (ends[row] ?? 0) <= latestEnd)
      .filter((row) => this.#isThere(row))
      .map((row) => this.#records.stored(row))
      .sort((a, b) => a.end - b.end || a.key.compare(b.key) || a.start - b.start)
  }

  put(place: Place, value: unknown, timestamp: number): void {
    // One that expires as it comes is written to the changelog, as by Kafka Streams, and is not there otherwise.
    this.#latest = Math.max(this.#latest, place.end)
    const row = this.#rowOf(place)
    const { columns, timestamps, flags } = this.rows
    const numbers = columns.map((column) => column[row] ?? 0)
    this.#undo.push({ row, numbers, timestamp: timestamps[row] ?? 0, flags: flags[row] ?? 0 })
    if (value !== undefined) this.#fields.set(columns, row, value)
    this.#touch(row, value !== undefined, timestamp)
  }

  /** Who asks with `meet` asks for this key. */
  keyed(bytes: Uint8Array, at: number, length: number): this {
    this.#reserve()
    this.#metKey = this.rows.key(bytes, at, length)
    return this
  }

  /**
   * Finds the sessions that a record is to be in; returns how many. -1 where programs leave them to the interpreter: where
   * there are more than two, or where what they become would be expired as it comes.
   */
  meet(time: number, gapMs: number): number {
    const { rows } = this
    const { starts, ends } = rows
    const earliest = Math.max(time - gapMs, this.#earliest)
    this.start = time
    this.end = time
    this.#metCount = 0
    let row = rows.first(this.#metKey)
    for (; row >= 0 && (ends[row] ?? 0) >= earliest; row = rows.after(row)) {
      if ((starts[row] ?? 0) > time + gapMs || !rows.has(row, flag.present)) continue
      if (this.#metCount === MAX_MET) return -1
      this.#add(row)
    }
    return this.end < this.#earliest ? -1 : this.#metCount
  }

  /** Makes one session of what `meet` has found and a record of that time. Returns its row, whose numbers are to be set. */
  settle(time: number): number {
    const { rows, met, start, end } = this
    if (end > this.#latest) {
      this.#latest = end
      this.#acceptedLatest = end
    }
    for (let n = 0; n < this.#metCount; n++) {
      const row = met[n] ?? 0
      if (rows.starts[row] === start && rows.ends[row] === end) continue
      if (this.#isTold(row)) this.#touch(row, false, time)
      else rows.remove(row)
    }
    const row = rows.row(this.#metKey, start, end)
    this.#touch(row, true, time)
    return row
  }

  accept(): void {
    this.#acceptedLatest = this.#latest
    if (this.#undo.length === 0) return
    const { rows } = this
    for (const { row } of this.#undo) {
      const isHere = rows.has(row, flag.linked) && !rows.has(row, flag.present)
      if (isHere && !this.#isTold(row)) rows.remove(row)
    }
    this.#undo.length = 0
  }

  get mark(): number {
    return this.#undo.length
  }

  rollback(mark = 0): void {
    const { columns, timestamps, flags } = this.rows
    for (const { row, numbers, timestamp, flags: before } of this.#undo.splice(mark).reverse()) {
      numbers.forEach((number, index) => columns[index]?.fill(number, row, row + 1))
      timestamps[row] = timestamp
      flags[row] = before | ((flags[row] ?? 0) & flag.listed)
      const isNew = (before & ~flag.listed) === flag.linked
      if (isNew) this.rows.remove(row)
    }
    if (mark === 0) this.#latest = this.#acceptedLatest
  }

  *takeDirty(): Iterable<ChangelogRecord> {
    const taken: ChangelogRecord[] = []
    this.#takeChanged((row) => taken.push(this.#records.changelogRecord(row)))
    yield* taken
  }

  takeDirtyInto(target: RowTarget): void {
    this.#takeChanged((row) => this.#records.append(row, target))
  }

  restore({ key, value, timestamp }: ChangelogRecord): void {
    const place = parseSessionKey(key)
    this.#advanceTo(place.end)
    if (place.end < this.#earliest) return
    const row = this.#rowOf(place)
    if (value === null) return this.rows.remove(row)
    const { columns } = this.rows
    if (!this.#fields.read(columns, row, value))
      this.#fields.set(columns, row, jsonSerde.deserialize(value))
    this.#restored(row, timestamp)
  }

  clear(): void {
    this.rows.clear()
    this.#dirtyCount = 0
    this.#undo = []
    this.#latest = -1
    this.#acceptedLatest = -1
    this.#prunedAt = -1
  }

  /** The time that is known, then rows; none that the changelog does not have, for it would not say if they went. */
  *dump(blockBytes: number): Iterable<Buffer> {
    if (this.#latest < 0) return
    const time = Buffer.alloc(TIME_BYTES)
    time.writeDoubleLE(this.#latest)
    yield time
    const isKnown = (row: number) => this.#isThere(row) && this.rows.has(row, flag.logged)
    yield* this.#records.blocks(blockBytes, isKnown)
  }

  load(block: Buffer): void {
    if (block.length === TIME_BYTES) return this.#advanceTo(block.readDoubleLE(0))
    this.#records.load(block, (session) => {
      const row = this.#rowOf(session)
      this.#restored(row, session.timestamp)
      return row
    })
  }

  /** To what `meet` finds; that which ended last comes first. */
  #add(row: number): void {
    const { met, rows } = this
    if (this.#metCount++ > 0) met[1] = met[0] ?? 0
    met[0] = row
    this.start = Math.min(this.start, rows.starts[row] ?? 0)
    this.end = Math.max(this.end, rows.ends[row] ?? 0)
  }

  get #earliest(): number {
    return this.#latest - this.#retentionMs + 1
  }

  /** From the changelog: nothing undoes it. */
  #advanceTo(time: number): void {
    this.#latest = Math.max(this.#latest, time)
    this.accept()
  }

  #rowOf({ key, start, end }: Place): number {
    this.#reserve()
    return this.rows.row(this.rows.key(key, 0, key.length), start, end)
  }

  /** Makes room for a row. Where a record may yet be undone, its rows stay. */
  #reserve(): void {
    if (!this.rows.isFull) return
    if (this.#undo.length === 0) this.#prune()
    this.rows.grow()
  }

  #prune(): void {
    this.rows.removeBefore(this.#earliest)
    this.#prunedAt = this.#latest
  }

  #restored(row: number, timestamp: number): void {
    this.rows.timestamps[row] = timestamp
    this.rows.flags[row] = flag.linked | flag.present | flag.logged
  }

  #touch(row: number, isPresent: boolean, timestamp: number): void {
    const { flags, timestamps } = this.rows
    const before = flags[row] ?? 0
    const now = before | flag.dirty | flag.listed
    flags[row] = isPresent ? now | flag.present : now & ~flag.present
    timestamps[row] = timestamp
    if ((before & flag.listed) !== 0) return
    if (this.#dirtyCount === this.#dirty.length)
      this.#dirty = grown(this.#dirty, this.#dirtyCount + 1)
    this.#dirty[this.#dirtyCount++] = row
  }

  #takeChanged(visit: (row: number) => void): void {
    const { rows } = this
    const taken = this.#dirty.subarray(0, this.#dirtyCount)
    this.#dirtyCount = 0
    for (const row of taken) {
      const flags = rows.flags[row] ?? 0
      rows.flags[row] = flags & ~(flag.dirty | flag.listed)
      if ((flags & flag.dirty) === 0) continue
      visit(row)
      if (rows.has(row, flag.present)) rows.flags[row] = (rows.flags[row] ?? 0) | flag.logged
      else rows.remove(row)
    }
    if (this.#latest >= this.#prunedAt + this.#retentionMs) this.#prune()
    rows.forgetKeys()
  }

  /** Whether the changelog has to hear that the session is gone: it knows of it, or it is to know the time. */
  #isTold(row: number): boolean {
    return this.rows.has(row, flag.logged) || this.rows.ends[row] === this.#latest
  }

  #isThere(row: number): boolean {
    return this.rows.has(row, flag.present) && (this.rows.ends[row] ?? 0) >= this.#earliest
  }
}
