import { crc32 } from 'node:zlib'
import type { Compression } from '../../runtime/broker/compression.ts'
import { keyAt, splitBatches, valueAt } from '../../runtime/broker/record-batch.ts'

/** What a run wrote, whatever the order of its records. */
export interface OutputDigest {
  /** By topic and partition, then added up: a record in the wrong one changes it. */
  readonly checksum: string
  /** Records that it is of. */
  readonly checked: number
  /** Codecs of the batches written. */
  readonly codecs: readonly Compression[]
}

/** Adds records up, in whatever order they come. */
interface Sum {
  add(place: string, key: Buffer | null, value: Buffer | null): void
  result(): Pick<OutputDigest, 'checksum' | 'checked'>
}

/** `updates`: of what they leave, which is the last value of each key, the key with its window. */
export type DigestOf = 'records' | 'updates'

export class Digest {
  readonly #codecs = new Set<Compression>()
  readonly #sum: Sum

  constructor(of: DigestOf) {
    this.#sum = of === 'updates' ? new SumOfLatest() : new SumOfAll()
  }

  /** Returns the position after the whole batches, if there is one. */
  add(place: string, bytes: Buffer): number | undefined {
    let position: number | undefined
    for (const batch of splitBatches(bytes)) {
      position = batch.nextOffset
      if (batch.isControl) continue
      this.#codecs.add(batch.compression)
      const columns = batch.columns()
      for (let index = 0; index < columns.count; index++) {
        this.#sum.add(place, keyAt(columns, index), valueAt(columns, index))
      }
    }
    return position
  }

  result(): OutputDigest {
    return { ...this.#sum.result(), codecs: [...this.#codecs].sort() }
  }
}

class SumOfAll implements Sum {
  #sum = 0n
  #checked = 0

  add(place: string, key: Buffer | null, value: Buffer | null): void {
    this.#sum += hashOf(place, key, value)
    this.#checked++
  }

  result() {
    return summary(this.#sum, this.#checked)
  }
}

class SumOfLatest implements Sum {
  readonly #latest = new Map<string, bigint>()

  /** A tombstone leaves nothing, whether or not there was something: a cache may have held back both. */
  add(place: string, key: Buffer | null, value: Buffer | null): void {
    const row = `${place} ${key?.toString('latin1')}`
    if (value === null) this.#latest.delete(row)
    else this.#latest.set(row, hashOf(place, key, value))
  }

  result() {
    let sum = 0n
    for (const hash of this.#latest.values()) sum += hash
    return summary(sum, this.#latest.size)
  }
}

/** The same number may be written as 5, 5.0 or 5e0: values count as what they say. */
function hashOf(place: string, key: Buffer | null, value: Buffer | null): bigint {
  const said = value === null ? '' : JSON.stringify(JSON.parse(value.toString()))
  const hash = crc32(`${place} ${said}`, crc32(key ?? ''))
  return BigInt(hash) * BigInt(hash | 1)
}

const summary = (sum: bigint, checked: number) => ({
  checksum: (sum & 0xffff_ffff_ffff_ffffn).toString(16).padStart(16, '0'),
  checked,
})
