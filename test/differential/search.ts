import fc from 'fast-check'
import type { Case } from './case.ts'
import { deliberateDifference } from './deliberate.ts'
import type { Feature } from './features.ts'
import { randomCase } from './random-case.ts'
import { smallest } from './smallest.ts'

export interface SearchOptions {
  readonly seed: number
  readonly seconds: number
  readonly covered: ReadonlySet<Feature>
  /** What differs when both sides run a case. */
  readonly check: (one: Case) => Promise<readonly string[]>
}

export interface Found {
  /** As small as leaving things out has made it. */
  readonly case: Case
  readonly differences: readonly string[]
}

export interface SearchResult {
  readonly cases: number
  readonly found: readonly Found[]
}

/** With more than these something is wrong everywhere, and the time is better spent mending it. */
const ENOUGH = 5

/** For runs that are to differ from one another; they print it. */
export const freshSeed = (): number => Date.now() % 2 ** 31

/** Draws cases from the seed until the time is over. After one that differs the search goes on with the next seed. */
export async function search({
  seed,
  seconds,
  covered,
  check,
}: SearchOptions): Promise<SearchResult> {
  const end = performance.now() + seconds * 1000
  const found: Found[] = []
  let cases = 0
  const differs = async (one: Case) => {
    cases++
    return (await check(one)).length > 0
  }
  const agrees = fc.asyncProperty(randomCase(covered), async (one) => !(await differs(one)))
  for (let round = seed; performance.now() < end && found.length < ENOUGH; round++) {
    const { counterexample } = await fc.check(agrees, {
      seed: round,
      numRuns: Number.MAX_SAFE_INTEGER,
      endOnFailure: true,
      interruptAfterTimeLimit: end - performance.now(),
    })
    const [drawn] = counterexample ?? []
    if (drawn === undefined) continue
    const mustNotDiffer = async (one: Case) =>
      deliberateDifference(one) === undefined && (await differs(one))
    const small = { ...(await smallest(drawn, mustNotDiffer)), name: `found with seed ${round}` }
    found.push({ case: small, differences: await check(small) })
  }
  return { cases, found }
}
