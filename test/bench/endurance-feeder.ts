import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { BatchSender } from './batch-sender.ts'
import { preparedBatches } from './load.ts'
import { BenchTopics } from './topics.ts'
import { connect } from './wire.ts'

/**
 * A process that keeps a topic some way ahead of the job that reads it, for as long as it lives. It sends the same few
 * batches over and over, so that the job and not this is what the machine works for.
 */
const LEAD_RECORDS = 4_000_000
const LOOK_MS = 100

const { bootstrap, input, output, bytes } = parseArgs({
  options: {
    bootstrap: { type: 'string', default: '' },
    input: { type: 'string', default: '' },
    /** Every record of the input comes out here. */
    output: { type: 'string', default: '' },
    bytes: { type: 'string', default: '' },
  },
}).values

const topics = await BenchTopics.open([bootstrap])
const sender = new BatchSender(await connect(bootstrap), input)
const batches = preparedBatches(Number(bytes))
let fed = 0
for (let turn = 0; ; turn = (turn + 1) % batches.length) {
  const batch = batches[turn]
  if (batch === undefined) continue
  sender.send(batch)
  fed += batch.records
  await sender.room()
  while (turn === 0 && fed - (await topics.records([output])) > LEAD_RECORDS) await delay(LOOK_MS)
}
