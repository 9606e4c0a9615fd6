import type { Compression } from '../../runtime/broker/compression.ts'
import { digestOf } from './checksum.ts'
import type { Contender, Side } from './contender.ts'
import type { OutputDigest } from './digest.ts'
import { measureRun } from './measure.ts'
import { type RowSpec, type Run, type RunPlan, withWorker } from './run.ts'

/** Worked off by both sides to the end before anything is measured, and compared. */
const CHECK_RECORDS = 100_000
/** Slow enough for windows of each kind to open and close. */
const CHECK_PER_MS = 0.1

/** Returns the codecs that each side wrote with. Throws when the two made something different of the same input. */
export async function checkOutputs(
  plan: RunPlan,
  row: RowSpec,
): Promise<ReadonlyMap<Side, readonly Compression[]>> {
  const digests = new Map<Side, OutputDigest>()
  for (const contender of plan.contenders) {
    digests.set(contender.side, await digestOfSide(plan, row, contender))
  }
  assertSameOutput(row, digests)
  return new Map([...digests].map(([side, digest]) => [side, digest.codecs]))
}

function digestOfSide(plan: RunPlan, row: RowSpec, contender: Contender): Promise<OutputDigest> {
  const quiet = { ...plan, warmupMs: 0, windowMs: Infinity, log: () => undefined }
  const load = { ...row.load, records: CHECK_RECORDS, perMs: CHECK_PER_MS }
  return withWorker(quiet, { ...row, load }, contender, async (run) => {
    await measureRun(run.watched)
    await assertCount(plan, run, `${contender.title} in ${row.topology.name}`)
    const { bootstrapServer, topics } = plan.kafka
    const written = { bootstrapServer, topics, outputs: run.outputs }
    return digestOf(written, row.topology.gives ?? 'records')
  })
}

async function assertCount({ kafka }: RunPlan, run: Run, who: string): Promise<void> {
  const { outputs, expectedOutputs } = run
  if (expectedOutputs === undefined) return
  const written = await kafka.topics.records(outputs)
  if (written !== expectedOutputs)
    throw new Error(`${who} wrote ${written} records, ${expectedOutputs} were expected`)
}

function assertSameOutput({ topology }: RowSpec, digests: ReadonlyMap<Side, OutputDigest>): void {
  const [one, ...others] = [...digests]
  if (one?.[1].checked === 0) throw new Error(`nothing came out of ${topology.name}`)
  const different = others.find(([, { checksum }]) => checksum !== one?.[1].checksum)
  if (one === undefined || different === undefined) return
  const say = ([side, { checksum, checked }]: [Side, OutputDigest]) =>
    `${side} ${checksum} over ${checked} records`
  throw new Error(`the outputs of ${topology.name} differ: ${say(one)}, ${say(different)}`)
}
