import { Digest, type DigestOf, type OutputDigest } from './digest.ts'
import type { BenchTopics } from './topics.ts'
import { connect, fetchBatches, type PartitionBytes } from './wire.ts'
import type { KafkaSocket } from '../../runtime/broker/kafka-socket.ts'

interface Outputs {
  readonly bootstrapServer: string
  readonly topics: BenchTopics
  readonly outputs: readonly string[]
}

/** Of all that was committed to the topics so far. */
export async function digestOf(
  { bootstrapServer, topics, outputs }: Outputs,
  of: DigestOf,
): Promise<OutputDigest> {
  const digest = new Digest(of)
  const connection = await connect(bootstrapServer)
  for (const [index, topic] of outputs.entries()) {
    await readThrough(connection, { topic, ends: await topics.ends(topic) }, (found) =>
      digest.add(`${index}-${found.partition}`, found.bytes),
    )
  }
  connection.close()
  return digest.result()
}

interface WholeTopic {
  readonly topic: string
  readonly ends: ReadonlyMap<number, number>
}

/** Empty answers, each after a short wait, before a transaction counts as one that nobody ends. */
const MAX_EMPTY = 100

/** Reads a topic to its end. `visit` returns where to go on. */
async function readThrough(
  connection: KafkaSocket,
  { topic, ends }: WholeTopic,
  visit: (found: PartitionBytes) => number | undefined,
): Promise<void> {
  const positions = new Map([...ends].map(([partition]) => [partition, 0]))
  const isBehind = () => [...ends].some(([at, end]) => (positions.get(at) ?? 0) < end)
  for (let empty = 0; isBehind();) {
    const fetched = await fetchBatches(connection, topic, positions)
    if (fetched.length === 0 && ++empty > MAX_EMPTY)
      throw new Error(`${topic} has a transaction that is not ended`)
    for (const found of fetched) {
      const next = visit(found)
      if (next !== undefined) positions.set(found.partition, next)
    }
  }
}
