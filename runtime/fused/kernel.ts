import { kernelBytes } from './kernel-bytes.ts'

/** What a slot holds; see `kernel/columns.ts`. Generated code tests for ranges, so the order matters. */
export const kind = {
  absent: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  unwritten: 5,
  string: 6,
  escaped: 7,
  longNumber: 8,
  object: 9,
} as const

const PAGE_BYTES = 65_536
/** The kernel reads words and vectors past the end of a value. */
const SLACK_BYTES = 64
const ALIGNMENT = 16

/** The addresses that `kernel/columns.ts` and `kernel/scan-json.ts` want to be told. */
const recordColumns = {
  offsetDeltas: 4,
  timestamps: 8,
  bodies: 4,
  keyStarts: 4,
  keyLengths: 4,
  valueStarts: 4,
  valueLengths: 4,
  headers: 4,
  recordEnds: 4,
  doubts: 1,
} as const
const slotColumns = { kinds: 1, starts: 4, ends: 4, numbers: 8 } as const

type Column = keyof typeof recordColumns | keyof typeof slotColumns

interface Exports extends Record<
  Column | 'names' | 'encoded' | 'maxTimestamp' | 'texts' | 'CHUNK' | 'NUMBER_BYTES',
  WebAssembly.Global
> {
  readonly memory: WebAssembly.Memory
  heapBase(): number
  indexRecords(
    at: number,
    end: number,
    count: number,
    firstDelta: number,
    offsets: number,
    baseTimestamp: number,
    appendTime: number,
  ): number
  scanValues(count: number, slots: number): number
  readKeys(count: number, slot: number, nullText: number): void
  readonly projectValue: (i: number, from: number, projection: number, slot: number) => number
  formatNumbers(slot: number, from: number, to: number, texts: number): number
  partitionRecords(
    selection: number,
    selected: number,
    keySlot: number,
    origins: number,
    partitions: number,
    target: number,
  ): void
  encodeRecords(
    selection: number,
    selected: number,
    keySlot: number,
    template: number,
    times: number,
    origins: number,
    windowSlot: number,
    sessionEndSlot: number,
    firstOffsetDelta: number,
    baseTimestamp: number,
    out: number,
    outEnd: number,
  ): number
}

let module: WebAssembly.Module | undefined

/**
 * One instance of the kernel with memory of its own: the columns of a chunk of records, the slots of their fields, and the
 * bytes of the batch they lie in. What is allocated stays where it is; only the batch's bytes, which come last, grow.
 */
export class Kernel {
  readonly call: Exports
  /** Records that are worked on at once. */
  readonly chunk: number
  /** Bytes that the text of a number may take. */
  readonly numberBytes: number
  readonly at: Readonly<Record<Column, number>>
  bytes!: Uint8Array
  /** The same as a `Buffer`, whose `copy` needs no view of what it copies. */
  buffer!: Buffer
  int32!: Int32Array
  float64!: Float64Array
  #end: number
  #texts = 0
  #loadedEnd = 0

  constructor(slots: number) {
    module ??= new WebAssembly.Module(Buffer.from(kernelBytes, 'base64'))
    this.call = new WebAssembly.Instance(module).exports as unknown as Exports
    this.chunk = this.call.CHUNK.value as number
    this.numberBytes = this.call.NUMBER_BYTES.value as number
    this.#end = this.call.heapBase()
    this.#refresh()
    const place = ([name, size]: readonly [string, number], entries: number) => {
      const address = this.allocate(size * entries)
      this.call[name as Column].value = address
      return [name, address] as const
    }
    this.at = Object.fromEntries([
      ...Object.entries(recordColumns).map((column) => place(column, this.chunk)),
      ...Object.entries(slotColumns).map((column) =>
        place(column, this.chunk * Math.max(slots, 1)),
      ),
    ]) as Record<Column, number>
  }

  /** Bytes that stay, at an aligned address. */
  allocate(size: number): number {
    const address = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT
    this.#end = address + size
    this.reserve(this.#end)
    return address
  }

  /** Fixed bytes, such as a name to look for. */
  place(bytes: Uint8Array): number {
    const address = this.allocate(bytes.length)
    this.bytes.set(bytes, address)
    return address
  }

  placeInt32(values: readonly number[]): number {
    const address = this.allocate(values.length * 4)
    this.int32.set(values, address / 4)
    return address
  }

  /**
   * Puts the records of a batch behind everything else, in the place of those before, with room behind them for texts that
   * are made of them. Returns their address.
   */
  load(records: Uint8Array, textBytes: number): number {
    const address = this.room(records.length, textBytes)
    this.bytes.set(records, address)
    return address
  }

  /** The address of as many bytes, where a batch would lie. */
  room(bytes: number, textBytes: number): number {
    const address = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT
    this.#texts = address + bytes + SLACK_BYTES
    this.#loadedEnd = this.#texts + textBytes + SLACK_BYTES
    this.reserve(this.#loadedEnd)
    return address
  }

  /** Texts of the chunk before are needed no more. */
  clearTexts(): void {
    this.call.texts.value = this.#texts
  }

  /** Where nothing lies: after the batch that was loaded last. */
  get end(): number {
    return this.#loadedEnd
  }

  /** Makes the memory reach up to `end`. */
  reserve(end: number): void {
    const missing = end + SLACK_BYTES - this.bytes.length
    if (missing <= 0) return
    this.call.memory.grow(Math.ceil(missing / PAGE_BYTES))
    this.#refresh()
  }

  /** Growing detaches the views. */
  #refresh(): void {
    const { buffer } = this.call.memory
    this.bytes = new Uint8Array(buffer)
    this.buffer = Buffer.from(buffer)
    this.int32 = new Int32Array(buffer)
    this.float64 = new Float64Array(buffer)
  }
}
