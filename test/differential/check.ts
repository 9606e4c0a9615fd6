import type { Case } from './case.ts'
import { differencesOf } from './compare.ts'
import { deliberateDifference } from './deliberate.ts'
import { lackingOf } from './features.ts'
import type { KafkaStreams } from './kafka-streams.ts'
import { covered, runInMillrace } from './millrace.ts'

/** What differs when both sides run a case. */
export const checkAgainst =
  (java: KafkaStreams) =>
  async (one: Case): Promise<readonly string[]> =>
    differencesOf(one, ...(await Promise.all([java.run(one), runInMillrace(one)])))

/** Millrace has all that the case asks for. */
export const isCovered = ({ ops }: Case): boolean => lackingOf(ops, covered).length === 0

export const mustAgree = (one: Case): boolean => deliberateDifference(one) === undefined
