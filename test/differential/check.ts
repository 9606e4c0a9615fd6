import type { Case } from './case.ts'
import { differencesOf } from './compare.ts'
import type { KafkaStreams } from './kafka-streams.ts'
import { runInMillrace } from './millrace.ts'

/** What differs when both sides run a case. */
export const checkAgainst =
  (java: KafkaStreams) =>
  async (one: Case): Promise<readonly string[]> =>
    differencesOf(one, ...(await Promise.all([java.run(one), runInMillrace(one)])))
