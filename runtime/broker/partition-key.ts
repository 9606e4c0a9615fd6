import type { TopicPartition } from './broker.ts'

/** Map key of a partition, in Kafka's own notation `topic-partition`. */
export const partitionKey = ({ topic, partition }: TopicPartition): string =>
  `${topic}-${partition}`
