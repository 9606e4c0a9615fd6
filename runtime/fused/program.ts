import type { TopicPartition } from '../broker/broker.ts'
import type { RecordBatch } from '../broker/record-batch.ts'
import type { AppendedWindowStore } from '../state/appended-window-store.ts'
import type { ByteKeyValueStore } from '../state/byte-key-value-store.ts'
import type { ColumnStores } from '../state/column-stores.ts'
import { KEY_SLOT } from './code.ts'
import { ExitWriter, type RecordSink } from './exit-writer.ts'
import { Kernel } from './kernel.ts'
import { goesByTime, type Loops, loopsOf, type OperatorTime, type State } from './loops.ts'
import type { ProgramCode } from './program-code.ts'
import { growthOf } from './projections.ts'
import { placeRows } from './row-records.ts'

/** What a program has of the task around it. */
export interface ReleaseHost {
  readonly sink: RecordSink
  store<L extends keyof ColumnStores>(layout: L, name: string): ColumnStores[L]
  /** So many records have passed the node. */
  entered(node: string, count: number): void
}

/** The same while it takes records. */
export interface ProgramHost extends ReleaseHost {
  readonly from: TopicPartition
  /** Records below this offset are skipped. */
  readonly position: number
  table(name: string): ByteKeyValueStore
  log(name: string): AppendedWindowStore
  streamTime(operator: string): OperatorTime
  /** Of the records that were taken, this is the latest time. */
  timePassed(time: number): void
  /** Does one record the slow and exact way; `index` is its place in the batch. */
  interpret(index: number): void
}

/** The records of a batch that the kernel has in its columns. */
interface Chunk {
  /** Where it begins in the batch. */
  readonly first: number
  readonly count: number
  /** The address after its last record. */
  readonly after: number
  /** Its records do not lie as they say. */
  readonly isBroken: boolean
}

const NO_CHUNK: Chunk = { first: 0, count: 0, after: 0, isBroken: false }

interface Flushed {
  readonly from: number
  readonly to: number
  readonly emitted: number
}

/**
 * Everything behind one source of a sub-topology as one function over batches: the kernel finds the fields that the job
 * reads, generated code decides about each record, the kernel writes those that go on. Records that the code cannot settle
 * go to the interpreter, in their place.
 */
export class Program {
  readonly #code: ProgramCode
  readonly #kernel: Kernel
  readonly #exits: readonly ExitWriter[]
  readonly #selected: Int32Array
  readonly #counts: Int32Array
  readonly #nullText: number
  /** By how many bytes the projections make a value longer, at most. */
  readonly #growth: number
  readonly #loops: Loops
  /** Of each host, which stays the same. */
  readonly #states = new WeakMap<ProgramHost, State>()
  /** The batch that the kernel has; undefined: none that could be gone on with. */
  #batch: RecordBatch | undefined
  #end = 0
  #chunk = NO_CHUNK
  /** Of the chunk, the first record that is not taken. */
  #next = 0
  #position = 0

  constructor(code: ProgramCode, partitionsOf: (topic: string) => number) {
    this.#code = code
    const { fields, exits, nodes, writer } = code
    const kernel = new Kernel(fields.slots + writer.extraSlots)
    this.#kernel = kernel
    const place = (slot: number) => (slot < 0 ? fields.slots - slot - 1 : slot)
    const origins = kernel.allocate(kernel.chunk * 4)
    const places = { place, origins }
    kernel.call.names.value = kernel.placeInt32(fields.nodes((name) => kernel.place(name)))
    this.#exits = exits.map(
      (exit) => new ExitWriter(kernel, exit, partitionsOf(exit.topic), places),
    )
    this.#growth = writer.projections.reduce((sum, fields) => sum + growthOf(fields), 0)
    this.#nullText = kernel.place(Buffer.from('null'))
    this.#selected = new Int32Array(exits.length)
    this.#counts = new Int32Array(nodes.length)
    const selections = this.#exits.map(({ selection }) => selection)
    const counters = { selected: this.#selected, counts: this.#counts }
    this.#loops = loopsOf(code, kernel, { ...places, selections, ...counters })
  }

  get goesByTime(): boolean {
    return goesByTime(this.#code)
  }

  /**
   * Takes records from the host's position on, up to the first that is later than `until`. Returns how many it has settled;
   * those that were interpreted are not among them.
   */
  run(batch: RecordBatch, host: ProgramHost, until = Infinity): number {
    let settled = 0
    let time = this.timeAt(batch, host.position)
    while (time !== undefined && time <= until) {
      if (this.#chunk.isBroken) {
        interpretFrom(batch, this.#chunk.first, host)
        time = undefined
        break
      }
      settled += this.#takeChunk(batch, host, until)
      time = this.#headTime(batch)
    }
    this.#leave(batch, time)
    return settled
  }

  /** When the first record is that is not before the position; undefined: there is none. -1 where that is unknown. */
  timeAt(batch: RecordBatch, position: number): number | undefined {
    if (this.#batch !== batch) this.#open(batch)
    const delta = position - batch.baseOffset
    for (;;) {
      const time = this.#headTime(batch)
      if (time === undefined || this.#chunk.isBroken) return time
      if (this.#offsetDelta(this.#next) >= delta) return time
      this.#next++
    }
  }

  /** After `run`, the offset of the next record of the batch, or what comes after the batch where that was its last. */
  get position(): number {
    return this.#position
  }

  #leave(batch: RecordBatch, time: number | undefined): void {
    if (time !== undefined) {
      this.#position = batch.baseOffset + this.#offsetDelta(this.#next)
      return
    }
    this.#position = batch.nextOffset
    this.#batch = undefined
  }

  #open(batch: RecordBatch): void {
    const records = batch.lendRecords()
    const at = this.#kernel.load(records, this.#textBytes(batch, records.length))
    this.#batch = batch
    this.#end = at + records.length
    this.#chunk = { ...NO_CHUNK, after: at }
    this.#next = 0
  }

  /** Of the first record that is not taken, for which the next chunk may have to be read. */
  #headTime(batch: RecordBatch): number | undefined {
    const { first, count } = this.#chunk
    if (this.#next === count) {
      if (first + count === batch.recordCount) return undefined
      this.#read(batch)
    }
    if (this.#chunk.isBroken) return -1
    const { float64, at } = this.#kernel
    return float64[at.timestamps / 8 + this.#next] ?? -1
  }

  #read(batch: RecordBatch): void {
    const { call } = this.#kernel
    const before = this.#chunk
    const first = before.first + before.count
    const count = Math.min(this.#kernel.chunk, batch.recordCount - first)
    const delta = before.count === 0 ? 0 : this.#offsetDelta(before.count - 1) + 1
    const times = [batch.baseTimestamp, batch.appendTime ?? NaN] as const
    const { offsetCount } = batch
    const after = call.indexRecords(before.after, this.#end, count, delta, offsetCount, ...times)
    const isLast = first + count === batch.recordCount
    const isBroken = after === 0 || (isLast && after !== this.#end)
    this.#chunk = { first, count, after, isBroken }
    this.#next = 0
    if (isBroken) return
    const { fields, readsKey, readsValue } = this.#code
    this.#kernel.clearTexts()
    if (readsValue) call.scanValues(count, fields.slots)
    if (readsKey) call.readKeys(count, fields.slots - KEY_SLOT - 1, this.#nullText)
  }

  /** Writes what aggregates hold until the commit. */
  release(host: ReleaseHost): void {
    const { chunk } = this.#kernel
    this.#code.releases.forEach(({ store: name }, index) => {
      const store = host.store('key-value', name)
      const held = store.held.rows()
      for (let first = 0; first < held.length; first += chunk) {
        const rows = held.subarray(first, first + chunk)
        placeRows(this.#kernel, store, rows)
        this.#loops.release[index]?.(this.#kernel, store, rows)
        this.#flush({ from: 0, to: rows.length, emitted: 0 }, host.sink)
      }
      // They lie where a batch would.
      this.#batch = undefined
      store.held.clear()
    })
    this.#report(host)
  }

  /** What the projections of a chunk may take: each may work on what another has made. */
  #textBytes({ recordCount }: RecordBatch, recordBytes: number): number {
    const count = Math.min(recordCount, this.#kernel.chunk)
    return this.#code.writer.projections.length * (recordBytes + count * this.#growth)
  }

  #takeChunk(batch: RecordBatch, host: ProgramHost, until: number): number {
    const { first } = this.#chunk
    const from = this.#next
    const to = this.#endOf(from, until)
    let flushed = from
    let doubts = 0
    const full = (i: number, emitted: number) => {
      this.#flush({ from: flushed, to: i, emitted }, host.sink)
      flushed = i
    }
    const doubt = (i: number, emitted: number) => {
      this.#forget(i, emitted)
      full(i, emitted)
      flushed = i + 1
      doubts++
      host.interpret(first + i)
    }
    const chunk = { from, to, baseOffset: batch.baseOffset, partition: host.from.partition }
    const state = this.#stateOf(host)
    for (const store of state.stores) store.reserve(to - from)
    const emitted = this.#loops.take(this.#kernel, chunk, state, { doubt, full })
    this.#next = to
    const isWhole = flushed === 0 && to === batch.recordCount
    this.#flush({ from: flushed, to, emitted }, host.sink, isWhole ? batch : undefined)
    if (this.goesByTime) host.timePassed(this.#latestTime(from, to))
    const settled = to - from - doubts
    host.entered(this.#code.source, settled)
    this.#report(host)
    return settled
  }

  /** The first record from there on that is later than `until`, or the end of the chunk. */
  #endOf(from: number, until: number): number {
    const { float64, at } = this.#kernel
    const { count } = this.#chunk
    if (until === Infinity) return count
    let to = from
    while (to < count && (float64[at.timestamps / 8 + to] ?? 0) <= until) to++
    return to
  }

  #stateOf(host: ProgramHost): State {
    const known = this.#states.get(host)
    if (known !== undefined) return known
    const { aggregates, windows, sessions, tables, logs } = this.#code
    const state = {
      stores: aggregates.stores.map((name) => host.store('key-value', name)),
      windows: windows.names.map((name) => host.store('window', name)),
      sessions: sessions.names.map((name) => host.store('session', name)),
      times: [...windows.names, ...sessions.names].map((name) => host.streamTime(name)),
      tables: tables.names.map((name) => host.table(name)),
      logs: logs.names.map((name) => host.log(name)),
    }
    this.#states.set(host, state)
    return state
  }

  #latestTime(from: number, to: number): number {
    const { float64, at } = this.#kernel
    let latest = -1
    for (let i = from; i < to; i++) latest = Math.max(latest, float64[at.timestamps / 8 + i] ?? -1)
    return latest
  }

  #offsetDelta(i: number): number {
    const { int32, at } = this.#kernel
    return int32[at.offsetDeltas / 4 + i] ?? 0
  }

  /** What a record in doubt has already selected: the last ones. */
  #forget(i: number, emitted: number): void {
    this.#exits.forEach(({ selection, isEmitted }, exit) => {
      const first = isEmitted ? emitted : i
      const at = (n: number) => this.#kernel.int32[selection / 4 + n] ?? -1
      let selected = this.#selected[exit] ?? 0
      while (selected > 0 && at(selected - 1) >= first) selected--
      this.#selected[exit] = selected
    })
  }

  /** Writes what records `from` to `to` have selected, and what windows have emitted for them. */
  #flush({ from, to, emitted }: Flushed, sink: RecordSink, whole?: RecordBatch): void {
    this.#exits.forEach((exit, index) => {
      const selected = this.#selected[index] ?? 0
      if (selected === 0) return
      const range = exit.isEmitted ? { from: 0, to: emitted } : { from, to }
      exit.write({ ...range, selected, whole }, sink)
    })
    this.#selected.fill(0)
  }

  #report(host: ReleaseHost): void {
    this.#code.nodes.forEach((node, index) => host.entered(node, this.#counts[index] ?? 0))
    this.#counts.fill(0)
  }
}

/** The records do not lie as they say: the batch's own reading of them has the words for it. */
function interpretFrom(batch: RecordBatch, first: number, host: ProgramHost): void {
  for (let index = first; index < batch.recordCount; index++) host.interpret(index)
}
