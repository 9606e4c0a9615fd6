/** Murmur3 as Kafka Streams has it: 128 bits for 64-bit machines, from its own seed. */
const SEED = 104_729n
const C1 = 0x87c37b91114253d5n
const C2 = 0x4cf5ad432745937fn
const BLOCK_BYTES = 16

/** 16 bytes, the two words of the hash most significant byte first. */
export function murmur3(data: Buffer): Buffer {
  const wholeBytes = data.length - (data.length % BLOCK_BYTES)
  let [h1, h2] = [SEED, SEED]
  for (let at = 0; at < wholeBytes; at += BLOCK_BYTES) {
    h1 ^= scatterFirst(data.readBigUInt64LE(at))
    h1 = word((rotated(h1, 27n) + h2) * 5n + 0x52dce729n)
    h2 ^= scatterSecond(data.readBigUInt64LE(at + 8))
    h2 = word((rotated(h2, 31n) + h1) * 5n + 0x38495ab5n)
  }
  const tail = Buffer.alloc(BLOCK_BYTES)
  data.copy(tail, 0, wholeBytes)
  h1 ^= scatterFirst(tail.readBigUInt64LE(0)) ^ BigInt(data.length)
  h2 ^= scatterSecond(tail.readBigUInt64LE(8)) ^ BigInt(data.length)
  return finished(h1, h2)
}

function finished(first: bigint, second: bigint): Buffer {
  let h1 = word(first + second)
  let h2 = word(second + h1)
  h1 = avalanche(h1)
  h2 = avalanche(h2)
  h1 = word(h1 + h2)
  h2 = word(h2 + h1)
  const hash = Buffer.alloc(BLOCK_BYTES)
  hash.writeBigUInt64BE(h1, 0)
  hash.writeBigUInt64BE(h2, 8)
  return hash
}

const word = (n: bigint): bigint => BigInt.asUintN(64, n)

const rotated = (n: bigint, bits: bigint): bigint => word(n << bits) | (n >> (64n - bits))

const scatterFirst = (k: bigint): bigint => word(rotated(word(k * C1), 31n) * C2)

const scatterSecond = (k: bigint): bigint => word(rotated(word(k * C2), 33n) * C1)

function avalanche(h: bigint): bigint {
  const a = word((h ^ (h >> 33n)) * 0xff51afd7ed558ccdn)
  const b = word((a ^ (a >> 33n)) * 0xc4ceb9fe1a85ec53n)
  return b ^ (b >> 33n)
}
