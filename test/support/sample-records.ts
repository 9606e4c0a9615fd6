import {
  type Header,
  headersAt,
  keyAt,
  type RecordBatch,
  valueAt,
} from '../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import type { Compression } from '../../runtime/broker/compression.ts'

export interface SampleRecord {
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
}

const text = (value: string): Buffer => Buffer.from(value)

/** Everything that a small batch can hold and a careless reader gets wrong. */
export const oddRecords: readonly SampleRecord[] = [
  { timestamp: 1_700_000_000_000, key: text('plain'), value: text('{"a":1}'), headers: [] },
  { timestamp: 1_699_999_999_000, key: null, value: text('earlier, without a key'), headers: [] },
  { timestamp: 1_700_000_000_001, key: text('tombstone'), value: null, headers: [] },
  { timestamp: 1_700_000_000_002, key: null, value: null, headers: [['only', text('header')]] },
  { timestamp: 1_700_000_000_003, key: text(''), value: text(''), headers: [['', text('')]] },
  {
    timestamp: 1_700_000_000_004,
    key: text('Schlüssel 🗝️'),
    value: text('値 – значение – ערך'),
    headers: [
      ['größe', text('XL')],
      ['null', null],
      ['twice', text('1')],
      ['twice', text('2')],
      ['bytes', Buffer.from([0, 255, 128, 10])],
    ],
  },
  { timestamp: 1_700_086_400_000, key: text('a day later'), value: text('x'), headers: [] },
]

/** Values on both sides of 64 KiB, the block size of several codecs; neither all alike nor all random. */
export const bigRecords: readonly SampleRecord[] = [1000, 65_535, 65_536, 200_000].map(
  (size, index) => ({
    timestamp: 1_700_000_000_000 + index,
    key: text(`big-${size}`),
    value: Buffer.from(Array.from({ length: size }, (_, n) => ((n * n) >>> 7) ^ (n % 251))),
    headers: [],
  }),
)

export const manyRecords: readonly SampleRecord[] = Array.from({ length: 5000 }, (_, n) => ({
  timestamp: 1_700_000_000_000 + n,
  key: text(`key-${n % 100}`),
  value: text(JSON.stringify({ n, even: n % 2 === 0 })),
  headers: n % 10 === 0 ? [['n', text(`${n}`)]] : [],
}))

export function batchOf(records: readonly SampleRecord[], compression: Compression): Buffer {
  const builder = new RecordBatchBuilder()
  for (const { timestamp, key, value, headers } of records)
    builder.append(timestamp, key, value, headers)
  return builder.build(compression)
}

export function recordsIn(batch: RecordBatch): (SampleRecord & { readonly offset: number })[] {
  const columns = batch.columns()
  return Array.from({ length: columns.count }, (_, index) => ({
    offset: batch.baseOffset + (columns.offsetDelta[index] ?? 0),
    timestamp: batch.timestamp(columns, index),
    key: keyAt(columns, index),
    value: valueAt(columns, index),
    headers: headersAt(columns, index),
  }))
}

/** Small, with something for every codec to compress. `test/fixtures/java-batches.json` holds them as Java writes them. */
export const fixtureRecords: readonly SampleRecord[] = [...oddRecords, ...manyRecords.slice(0, 30)]
