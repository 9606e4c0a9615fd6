import type { TopicPartition } from '../broker/broker.ts'
import type { RecordBatch } from '../broker/record-batch.ts'
import type { ColumnStores } from '../state/column-stores.ts'
import { KEY_SLOT } from './code.ts'
import { ExitWriter, type RecordSink } from './exit-writer.ts'
import { Kernel } from './kernel.ts'
import { type Loops, loopsOf, type OperatorTime, type State } from './loops.ts'
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
  streamTime(operator: string): OperatorTime
  /** Of the records that were taken, this is the latest time. */
  timePassed(time: number): void
  /** Does one record the slow and exact way; `index` is its place in the batch. */
  interpret(index: number): void
}

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

  /** Whether what it does depends on the time of records: one without is a bad one. */
  get goesByTime(): boolean {
    const { windows, sessions } = this.#code
    return windows.names.length + sessions.names.length > 0
  }

  /** Returns how many records it has settled; those that were interpreted are not among them. */
  run(batch: RecordBatch, host: ProgramHost): number {
    const { call, chunk } = this.#kernel
    const records = batch.lendRecords()
    const times = [batch.baseTimestamp, batch.appendTime ?? NaN] as const
    let at = this.#kernel.load(records, this.#textBytes(batch, records.length))
    const end = at + records.length
    let settled = 0
    for (let first = 0, delta = 0; first < batch.recordCount; first += chunk) {
      const count = Math.min(chunk, batch.recordCount - first)
      at = call.indexRecords(at, end, count, delta, batch.offsetCount, ...times)
      const isLast = first + count === batch.recordCount
      if (at === 0 || (isLast && at !== end)) {
        interpretFrom(batch, first, host)
        break
      }
      delta = this.#offsetDelta(count - 1) + 1
      settled += this.#runChunk(batch, first, count, host)
    }
    return settled
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
      store.held.clear()
    })
    this.#report(host)
  }

  /** What the projections of a chunk may take: each may work on what another has made. */
  #textBytes({ recordCount }: RecordBatch, recordBytes: number): number {
    const count = Math.min(recordCount, this.#kernel.chunk)
    return this.#code.writer.projections.length * (recordBytes + count * this.#growth)
  }

  #runChunk(batch: RecordBatch, first: number, count: number, host: ProgramHost): number {
    const { fields, readsKey, readsValue } = this.#code
    const { call } = this.#kernel
    this.#kernel.clearTexts()
    if (readsValue) call.scanValues(count, fields.slots)
    if (readsKey) call.readKeys(count, fields.slots - KEY_SLOT - 1, this.#nullText)
    const { baseOffset } = batch
    const from = this.#firstAt(host.position - baseOffset, count)
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
    const { partition } = host.from
    const chunk = { from, to: count, baseOffset, partition }
    const emitted = this.#loops.take(this.#kernel, chunk, this.#state(host, count), { doubt, full })
    const isWhole = flushed === 0 && count === batch.recordCount
    this.#flush({ from: flushed, to: count, emitted }, host.sink, isWhole ? batch : undefined)
    if (this.goesByTime) host.timePassed(this.#latestTime(from, count))
    const settled = count - from - doubts
    host.entered(this.#code.source, settled)
    this.#report(host)
    return settled
  }

  #state(host: ProgramHost, count: number): State {
    const { aggregates, windows, sessions } = this.#code
    const stores = aggregates.stores.map((name) => host.store('key-value', name))
    for (const store of stores) store.reserve(count)
    return {
      stores,
      windows: windows.names.map((name) => host.store('window', name)),
      sessions: sessions.names.map((name) => host.store('session', name)),
      times: [...windows.names, ...sessions.names].map((name) => host.streamTime(name)),
    }
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

  /** The first record of the chunk that is not below the position. */
  #firstAt(offsetDelta: number, count: number): number {
    let i = 0
    while (i < count && this.#offsetDelta(i) < offsetDelta) i++
    return i
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
