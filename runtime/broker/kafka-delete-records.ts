import { deleteRecordsV2 } from '@platformatic/kafka'
import type { PartitionOffset } from './broker.ts'
import { callForParts } from './kafka-call.ts'
import { errorName } from './kafka-error-name.ts'
import { refused } from './kafka-errors.ts'
import { type Cluster, fromLeaders } from './kafka-list-offsets.ts'

/** How long a leader may wait for its replicas. */
const REPLICATION_MS = 30_000

/** Asks each leader once; throws when one has moved, cannot be reached or refuses. */
export async function deleteRecords(
  cluster: Cluster,
  before: readonly PartitionOffset[],
): Promise<void> {
  const answers = await fromLeaders(cluster, before, async (connection, own) => {
    const { topics } = await callForParts(
      connection,
      { api: deleteRecordsV2.api, what: 'delete records', timeoutMs: 2 * REPLICATION_MS },
      requestTopics(own),
      REPLICATION_MS,
    )
    return topics
  })
  for (const { name, partitions } of answers) {
    for (const { partitionIndex, errorCode } of partitions) {
      const code = errorName(errorCode)
      if (code !== 'NONE') throw refused(code, `delete records of ${name}-${partitionIndex}`)
    }
  }
}

const requestTopics = (before: readonly PartitionOffset[]) =>
  [...Map.groupBy(before, ({ topic }) => topic)].map(([name, list]) => ({
    name,
    partitions: list.map(({ partition, offset }) => ({
      partitionIndex: partition,
      offset: BigInt(offset),
    })),
  }))
