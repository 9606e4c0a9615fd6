import type { Compression } from '../../runtime/broker/compression.ts'
import type { LoadedInput } from './load.ts'
import { measureRun, type Measured, medianOf, type Round } from './measure.ts'
import { byOutputs } from './progress.ts'
import type { RunPlan } from './run.ts'
import { worthCounting } from './statistics.ts'
import { roundLine } from './throughput.ts'
import { peer } from './worker.ts'

export interface RawCopyRow extends Measured {
  readonly recordBytes: number
  readonly codec: Compression
  readonly rounds: number
}

/** How fast batches can be copied at all, on the same input and measured the same way. */
export async function measureRawCopy(plan: RunPlan, input: LoadedInput): Promise<RawCopyRow> {
  const rounds: Round[] = []
  while (rounds.length < plan.rounds) {
    const round = await oneCopy(plan, input)
    rounds.push(round)
    plan.log(`  raw copy: ${roundLine(round)}`)
  }
  return {
    recordBytes: input.valueBytes,
    codec: input.codec,
    rounds: rounds.length,
    ...medianOf(worthCounting(rounds)),
  }
}

const oneCopy = ({ kafka, warmupMs, windowMs }: RunPlan, input: LoadedInput): Promise<Round> =>
  kafka.run({ input: input.topic, outputs: 1 }, async ({ topics: { outputs }, dir }) => {
    const [output = ''] = outputs
    const addresses = { bootstrap: kafka.bootstrapServer, input: input.topic, output }
    const worker = peer('raw-copy', dir, addresses)
    const inputRecords = input.records
    const written = { outputs, inputRecords, expectedOutputs: inputRecords }
    return measureRun({
      worker,
      gauge: byOutputs({ ...written, topics: kafka.topics }),
      span: { inputRecords, warmupMs, windowMs },
      brokerPids: kafka.pids,
    }).finally(() => worker.stop())
  })
