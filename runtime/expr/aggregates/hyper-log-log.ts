import { rankIn, ranksOf, REGISTERS, textOf, withRank } from './registers.ts'

/** How many different hashes there were, to a standard error of 1.6 %. */
export interface HyperLogLog {
  /** For each register, chosen by some bits of a hash: the highest rank of the other bits, as text. */
  readonly registers: string
  /** How many registers hold each rank. An estimate needs no more, and one is made for each record. */
  readonly counts: readonly number[]
}

export const REGISTER_BITS = Math.log2(REGISTERS)
/** Of 64 bits of hash, all that do not choose the register may be 0. */
const MAX_RANK = 64 - REGISTER_BITS + 1

export const empty: HyperLogLog = { registers: '', counts: [REGISTERS] }

/** With at least `rank` in the register: the same object if it was so before, which is mostly the case. */
export function raise(from: HyperLogLog, register: number, rank: number): HyperLogLog {
  const before = rankIn(from.registers, register)
  if (before >= rank) return from
  const counts = Array.from(
    { length: Math.max(from.counts.length, rank + 1) },
    (_, r) => (from.counts[r] ?? 0) + Number(r === rank) - Number(r === before),
  )
  return { registers: withRank(from.registers, register, rank), counts }
}

/** The higher rank of both in every register. */
export function merge(one: HyperLogLog, other: HyperLogLog): HyperLogLog {
  const others = ranksOf(other.registers)
  const ranks = ranksOf(one.registers).map((rank, i) => Math.max(rank, others[i] ?? 0))
  const counts = Array.from({ length: Math.max(one.counts.length, other.counts.length) }, () => 0)
  ranks.forEach((rank) => (counts[rank] = (counts[rank] ?? 0) + 1))
  return { registers: textOf(ranks), counts }
}

/**
 * By Ertl's estimator ("New cardinality estimation algorithms for HyperLogLog sketches", 2017): it has the same small error
 * for few and for many, with no table of corrections and no switch from one formula to another.
 */
export function estimate({ counts }: HyperLogLog): number {
  let sum = REGISTERS * tau(1 - (counts[MAX_RANK] ?? 0) / REGISTERS)
  for (let rank = MAX_RANK - 1; rank > 0; rank--) sum = (sum + (counts[rank] ?? 0)) / 2
  sum += REGISTERS * sigma((counts[0] ?? 0) / REGISTERS)
  return Math.round(REGISTERS ** 2 / (2 * Math.LN2 * sum))
}

function sigma(share: number): number {
  if (share === 1) return Infinity
  let sum = share
  for (let power = share, factor = 1, before = -1; sum !== before; factor *= 2) {
    before = sum
    power *= power
    sum += power * factor
  }
  return sum
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let sum = 1 - share
  for (let root = share, factor = 1, before = -1; sum !== before;) {
    before = sum
    root = Math.sqrt(root)
    factor /= 2
    sum -= (1 - root) ** 2 * factor
  }
  return sum / 3
}
