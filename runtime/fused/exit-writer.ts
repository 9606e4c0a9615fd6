import type { TopicPartition } from '../broker/broker.ts'
import type { RecordBatch } from '../broker/record-batch.ts'
import type { Exit, Template } from './exits.ts'
import { kind, type Kernel } from './kernel.ts'

/** Where written records go: the open batches of the outputs. */
export interface RecordSink {
  /** How many records the open batch has, and the time that its records count from, if it has any. */
  openBatch(to: TopicPartition): { readonly count: number; readonly baseTimestamp: number }
  /** Records as they follow those of the open batch. */
  append(
    to: TopicPartition,
    records: {
      readonly bytes: Uint8Array
      readonly count: number
      readonly baseTimestamp: number
      readonly maxTimestamp: number
    },
  ): void
  /** The whole of a batch as it came, if that is worth it: false leaves its records to be appended. */
  forward(to: TopicPartition, batch: RecordBatch): boolean
  /** The partition of a record without a key. */
  nextPartition(topic: string): number
}

/** Where what was selected lies, among the records or among what windows have emitted. */
interface Range {
  readonly from: number
  readonly to: number
  readonly selected: number
  /** The batch that the range covers from its first record to its last, if it does. */
  readonly whole: RecordBatch | undefined
}

interface Places {
  /** The kernel's number of a slot. */
  readonly place: (slot: number) => number
  /** Address of the records that the emitted is of. */
  readonly origins: number
}

/** For a key or a window: it is the record's own key, and of no window. */
const NO_SLOT = -1
const OWN_VALUE = 0
const OWN_PLACE = 0
/** Pieces of a template, as `kernel/encode-records.ts` reads them. */
const piece = { fixed: 0, slot: 1, end: -1 } as const
const OUT_BYTES = 256 * 1024

/** Writes the selected records of one exit: numbers as text, each record's partition, then record by record as Kafka has them. */
export class ExitWriter {
  /** Address of the numbers of the selected records. */
  readonly selection: number
  /** What is selected is what windows have emitted. */
  readonly isEmitted: boolean
  readonly #kernel: Kernel
  readonly #topic: string
  readonly #partitions: number
  /** Records leave once and as they came. */
  readonly #isOwn: boolean
  readonly #keySlot: number
  readonly #template: number
  /** Address of the times of records. */
  readonly #times: number
  /** Address of the records that the emitted is of; `OWN_PLACE` where records are selected. */
  readonly #origins: number
  readonly #windowSlot: number
  readonly #sessionEndSlot: number
  /** The slots whose text is written, and where the text of their numbers goes. */
  readonly #written: readonly { readonly slot: number; readonly texts: number }[]
  readonly #placed: number
  readonly #sorted: number

  constructor(
    kernel: Kernel,
    { topic, key, template, time, window, sessionEnd, isEmitted, ways }: Exit,
    partitions: number,
    { place, origins }: Places,
  ) {
    this.isEmitted = isEmitted
    this.#origins = isEmitted ? origins : OWN_PLACE
    const placed = (slot: number | undefined) => (slot === undefined ? NO_SLOT : place(slot))
    this.#windowSlot = placed(window)
    this.#sessionEndSlot = placed(sessionEnd)
    this.#kernel = kernel
    this.#topic = topic
    this.#partitions = partitions
    this.#isOwn = key === undefined && template === undefined && ways === 1
    this.#times =
      time === undefined ? kernel.at.timestamps : kernel.at.numbers + place(time) * kernel.chunk * 8
    this.#keySlot = placed(key)
    this.#template = template === undefined ? OWN_VALUE : placeTemplate(kernel, template, place)
    const slots = [...(template ?? []), ...(key === undefined ? [] : [key])]
    const numbers = new Set(slots.filter((part) => typeof part === 'number'))
    this.#written = [...numbers].map((slot) => ({
      slot: place(slot),
      texts: kernel.allocate(kernel.chunk * kernel.numberBytes),
    }))
    this.selection = kernel.allocate(kernel.chunk * 4 * ways)
    this.#placed = kernel.allocate(kernel.chunk * 4 * ways)
    this.#sorted = kernel.allocate(kernel.chunk * 4 * ways)
  }

  write({ from, to, selected, whole }: Range, sink: RecordSink): void {
    for (const { slot, texts } of this.#written) this.#writeNumbers(slot, texts, from, to)
    const unchanged = this.#isOwn && whole?.recordCount === selected ? whole : undefined
    const leave = (partition: number, selection: number, count: number) => {
      const all = count === selected ? unchanged : undefined
      if (all !== undefined && sink.forward({ topic: this.#topic, partition }, all)) return
      this.#encode(partition, selection, count, sink)
    }
    if (this.#partitions === 1) return leave(0, this.selection, selected)
    const ends = this.#sort(selected, sink)
    ends.forEach((end, partition) => {
      const start = partition === 0 ? 0 : (ends[partition - 1] ?? 0)
      if (end > start) leave(partition, this.#sorted + start * 4, end - start)
    })
  }

  /** The kernel writes what is short; the few numbers with many digits are written here. */
  #writeNumbers(slot: number, texts: number, from: number, to: number): void {
    if (this.#kernel.call.formatNumbers(slot, from, to, texts) === 0) return
    const { bytes, int32, float64, at, chunk, numberBytes } = this.#kernel
    const first = slot * chunk
    for (let i = from; i < to; i++) {
      if (bytes[at.kinds + first + i] !== kind.unwritten) continue
      const start = texts + i * numberBytes
      const text = JSON.stringify(float64[at.numbers / 8 + first + i])
      int32[at.starts / 4 + first + i] = start
      int32[at.ends / 4 + first + i] = start + text.length
      bytes[at.kinds + first + i] = kind.number
      for (let n = 0; n < text.length; n++) bytes[start + n] = text.charCodeAt(n)
    }
  }

  /** Selected records by partition, in their order. Returns where each partition's end. */
  #sort(selected: number, sink: RecordSink): Int32Array {
    const { call, int32 } = this.#kernel
    const keys = [this.#keySlot, this.#origins] as const
    call.partitionRecords(this.selection, selected, ...keys, this.#partitions, this.#placed)
    const placed = int32.subarray(this.#placed / 4, this.#placed / 4 + selected)
    const ends = new Int32Array(this.#partitions)
    for (let n = 0; n < selected; n++) {
      let partition = placed[n] ?? 0
      if (partition < 0) placed[n] = partition = sink.nextPartition(this.#topic)
      ends[partition] = (ends[partition] ?? 0) + 1
    }
    let sum = 0
    ends.forEach((count, partition) => {
      ends[partition] = sum
      sum += count
    })
    for (let n = 0; n < selected; n++) {
      const partition = placed[n] ?? 0
      const end = ends[partition] ?? 0
      int32[this.#sorted / 4 + end] = int32[this.selection / 4 + n] ?? 0
      ends[partition] = end + 1
    }
    return ends
  }

  #encode(partition: number, selection: number, selected: number, sink: RecordSink): void {
    const to = { topic: this.#topic, partition }
    const { call } = this.#kernel
    for (let done = 0, room = OUT_BYTES; done < selected;) {
      const at = selection + done * 4
      const { count, baseTimestamp } = this.#base(to, at, sink)
      const out = this.#kernel.end
      this.#kernel.reserve(out + room)
      const args = [at, selected - done, this.#keySlot, this.#template, this.#times] as const
      const emitted = [this.#origins, this.#windowSlot, this.#sessionEndSlot] as const
      const end = call.encodeRecords(...args, ...emitted, count, baseTimestamp, out, out + room)
      const encoded = call.encoded.value as number
      // One record that is larger than all the room.
      if (encoded === 0) room *= 2
      done += encoded
      const maxTimestamp = call.maxTimestamp.value as number
      const bytes = this.#kernel.bytes.subarray(out, end)
      if (encoded > 0) sink.append(to, { bytes, count: encoded, baseTimestamp, maxTimestamp })
    }
  }

  /** A new batch counts its times from its first record. */
  #base(to: TopicPartition, at: number, sink: RecordSink) {
    const open = sink.openBatch(to)
    if (open.count > 0) return open
    const { int32, float64 } = this.#kernel
    const first = int32[at / 4] ?? 0
    return { count: 0, baseTimestamp: float64[this.#times / 8 + first] ?? 0 }
  }
}

function placeTemplate(
  kernel: Kernel,
  template: Template,
  place: (slot: number) => number,
): number {
  const pieces = template.flatMap((part) => {
    if (typeof part === 'number') return [piece.slot, place(part), 0]
    const bytes = Buffer.from(part, 'utf8')
    return [piece.fixed, kernel.place(bytes), bytes.length]
  })
  return kernel.placeInt32([...pieces, piece.end])
}
