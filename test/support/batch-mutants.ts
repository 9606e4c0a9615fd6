import { deepStrictEqual } from 'node:assert'
import { setImmediate } from 'node:timers/promises'
import { at, batchCrc, LENGTH_OVERHEAD } from '../../runtime/broker/batch-header.ts'
import { compress, compressions, decompress } from '../../runtime/broker/compression.ts'
import { CorruptBatch } from '../../runtime/broker/errors.ts'
import { RecordBatch, splitBatches } from '../../runtime/broker/record-batch.ts'
import { writeVarint } from '../../runtime/broker/varint.ts'
import { recordsIn, type SampleRecord } from './sample-records.ts'

type Random = () => number

export interface Mutant {
  readonly bytes: Buffer
  /** With its CRC computed anew the damage reaches the parser. */
  readonly checksummed: boolean
}

export interface Survey {
  readonly accepted: number
  readonly refused: number
  /** Processor time of the slowest; wall time would tell of the machine's other work. */
  readonly slowestMs: number
}

/** Reads `count` mutants of the batches; the same seed makes the same ones. Throws at the first that is read wrongly. */
export async function surveyMutants(
  batches: readonly Buffer[],
  records: readonly SampleRecord[],
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Survey> {
  let accepted = 0
  let slowestMs = 0
  const expected = records.map((record, offset) => ({ offset, ...record }))
  const random = randomOf(seed)
  for (let number = 0; number < count; number++) {
    // Native code gives its buffers back between turns of the event loop only.
    if (number % 500 === 0) await setImmediate()
    const mutant = mutantOf(pick(batches, random), random)
    const before = process.cpuUsage()
    try {
      if (isRead(mutant, expected)) accepted++
    } catch (error) {
      const { message } = error as Error
      const bytes = mutant.bytes.toString('base64')
      throw new Error(`mutant ${number} of seed ${seed}: ${message}\n${bytes}`, { cause: error })
    }
    const { user, system } = process.cpuUsage(before)
    slowestMs = Math.max(slowestMs, (user + system) / 1000)
  }
  return { accepted, refused: count - accepted, slowestMs }
}

/** False for a mutant that is refused, or waited for as the first part of a longer batch. */
function isRead({ bytes, checksummed }: Mutant, expected: readonly SampleRecord[]): boolean {
  try {
    const batches = splitBatches(bytes)
    for (const batch of batches) {
      if (checksummed) checkSound(batch)
      else deepStrictEqual(atZero(batch), expected)
    }
    return batches.length > 0
  } catch (error) {
    if (error instanceof CorruptBatch && error.message.length > 20) return false
    throw error
  }
}

/** Base offset is outside the CRC; what matters is that records keep their distances. */
const atZero = (batch: RecordBatch) =>
  recordsIn(batch).map((record) => ({ ...record, offset: record.offset - batch.baseOffset }))

/** What holds of any batch that was read, whatever its bytes mean. */
function checkSound(batch: RecordBatch): void {
  const records = recordsIn(batch)
  let previous = batch.baseOffset - 1
  for (const { offset, timestamp } of records) {
    if (offset <= previous) throw new Error(`offset ${offset} after ${previous}`)
    if (!Number.isInteger(timestamp)) throw new Error(`timestamp ${timestamp}`)
    previous = offset
  }
  if (previous >= batch.nextOffset) throw new Error(`offset ${previous} is past the end`)
  const size = records
    .flatMap(({ key, value, headers }) => [key, value, ...headers.map(([, content]) => content)])
    .reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0)
  if (size > batch.columns().bytes.length) throw new Error(`${size} bytes out of fewer`)
}

/** One to three edits of a batch, or of what its codec holds; often with length and CRC made to fit again. */
export function mutantOf(batch: Buffer, random: Random): Mutant {
  const damaged = random() < 0.3 ? behindCodec(batch, random) : edited(batch, random)
  const fits = damaged.length >= at.records
  if (fits && random() < 0.8) damaged.writeInt32BE(damaged.length - LENGTH_OVERHEAD, at.length)
  const checksummed = fits && random() < 0.7
  if (checksummed) damaged.writeUInt32BE(batchCrc(damaged), at.crc)
  return { bytes: damaged, checksummed }
}

function edited(bytes: Buffer, random: Random): Buffer {
  let result: Buffer = Buffer.from(bytes)
  for (let edits = 1 + Math.floor(random() * 3); edits > 0; edits--) {
    result = pick(EDITS, random)(result, random)
  }
  return result
}

function behindCodec(batch: Buffer, random: Random): Buffer {
  const { compression } = new RecordBatch(batch)
  const records = decompress(batch.subarray(at.records), compression)
  const codec = random() < 0.9 ? compression : pick(compressions, random)
  const damaged = compress(edited(records, random), codec)
  return Buffer.concat([batch.subarray(0, at.records), damaged])
}

/** Where one bit or number decides about all that follows. */
const HEADER_FIELDS = Object.values(at)
const TELLING_NUMBERS = [0, 1, -1, 2, 127, 128, 255, 2 ** 15, 2 ** 31 - 1, -(2 ** 31), 2 ** 30]
/** As varints: the largest and smallest that Kafka can write, some in between, and one that does not end. */
const TELLING_VARINTS = [
  ...[0, -1, -2, 63, 64, 2 ** 31 - 1, -(2 ** 31), 2 ** 52, -(2 ** 52)].map((value) => {
    const bytes = Buffer.alloc(10)
    return bytes.subarray(0, writeVarint(bytes, 0, value))
  }),
  Buffer.alloc(10, 0xff),
]

const EDITS: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  function flipBit(bytes, random) {
    const position = place(bytes, random)
    if (position < bytes.length) bytes[position]! ^= 1 << Math.floor(random() * 8)
    return bytes
  },
  function overwriteByte(bytes, random) {
    const position = place(bytes, random)
    if (position < bytes.length) bytes[position] = Math.floor(random() * 256)
    return bytes
  },
  function overwriteNumber(bytes, random) {
    const position = random() < 0.8 ? pick(HEADER_FIELDS, random) : place(bytes, random)
    if (position + 4 <= bytes.length) bytes.writeInt32BE(pick(TELLING_NUMBERS, random), position)
    return bytes
  },
  function overwriteVarint(bytes, random) {
    pick(TELLING_VARINTS, random).copy(bytes, place(bytes, random))
    return bytes
  },
  function insertVarint(bytes, random) {
    const position = place(bytes, random)
    const [before, after] = [bytes.subarray(0, position), bytes.subarray(position)]
    return Buffer.concat([before, pick(TELLING_VARINTS, random), after])
  },
  function cutEnd(bytes, random) {
    return bytes.subarray(0, place(bytes, random))
  },
  function cutPiece(bytes, random) {
    const [from, to] = piece(bytes, random)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  function doublePiece(bytes, random) {
    const [from, to] = piece(bytes, random)
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
  },
]

const place = (bytes: Buffer, random: Random): number => Math.floor(random() * bytes.length)

function piece(bytes: Buffer, random: Random): readonly [number, number] {
  const from = place(bytes, random)
  return [from, Math.min(bytes.length, from + Math.ceil(random() * 32))]
}

const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)]!

/** mulberry32: small, even enough, and the same everywhere. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
