import type { Op } from './case.ts'
import { resultsOf, takenBy } from './features.ts'

/** All operations that a result comes from, and whether it has come, or will come, by way of a topic of the job's own. */
interface Origin {
  readonly sources: ReadonlySet<string>
  readonly isMoved: boolean
}

const MOVING: readonly string[] = [
  'map',
  'flatMap',
  'selectKey',
  'repartition',
  'groupBy',
  'joinForeign',
]

/**
 * True when one input may reach an operation by two topics of the job's own: which way is the faster is nobody's promise, and
 * the two sides may answer differently.
 */
export function hasRace(ops: readonly Op[]): boolean {
  const origins = new Map<string, Origin>()
  for (const op of ops) {
    const taken = takenBy(op).flatMap((name) => origins.get(name) ?? [])
    const [from, other] = taken
    if (from && other && race(op, from, other) && meet(from, other)) return true
    const origin = {
      sources: new Set([op.name, ...taken.flatMap(({ sources }) => [...sources])]),
      isMoved: MOVING.includes(op.op) || taken.some(({ isMoved }) => isMoved),
    }
    for (const name of resultsOf(op)) origins.set(name, origin)
  }
  return false
}

/** A join by a foreign key moves what comes of both sides, so that one topic before it is enough. */
const race = ({ op }: Op, from: Origin, other: Origin): boolean =>
  op === 'joinForeign' ? from.isMoved || other.isMoved : from.isMoved && other.isMoved

const meet = (one: Origin, other: Origin): boolean =>
  [...one.sources].some((name) => other.sources.has(name))
