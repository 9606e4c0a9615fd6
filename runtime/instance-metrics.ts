import type { RuntimeStatus } from './config.ts'
import { Metrics } from './platform/metrics.ts'

/** Metrics of one instance, read from its status when scraped. */
export function instanceMetrics(status: () => RuntimeStatus): Metrics {
  const metrics = new Metrics()
  const job = () => ({ namespace: status().job.namespace, job: status().job.name })
  const jobLabels = ['namespace', 'job'] as const
  const counters = {
    consumed: 'Records taken from input and repartition topics.',
    produced: 'Records written to output, repartition, changelog and dead-letter topics.',
    skipped: 'Bad records dropped because onError is Skip.',
    deadLettered: 'Bad records set aside because onError is DeadLetter.',
  } as const
  for (const [name, help] of Object.entries(counters)) {
    metrics.observeCounter({
      name: `millrace_records_${name === 'deadLettered' ? 'dead_lettered' : name}_total`,
      help,
      labels: jobLabels,
      read: () => [{ labels: job(), value: status().counts[name as keyof typeof counters] }],
    })
  }
  metrics.observeCounter({
    name: 'millrace_node_records_total',
    help: 'Records that entered a node of the topology.',
    labels: [...jobLabels, 'node'],
    read: () =>
      Object.entries(status().nodes).map(([node, value]) => ({
        labels: { ...job(), node },
        value,
      })),
  })
  metrics.observeGauge({
    name: 'millrace_consumer_lag_records',
    help: 'Records of a partition that this instance has not processed yet.',
    labels: [...jobLabels, 'topic', 'partition'],
    read: () =>
      status().tasks.flatMap(({ partitions }) =>
        partitions.map(({ topic, partition, position, highWatermark }) => ({
          labels: { ...job(), topic, partition: String(partition) },
          value: Math.max(0, highWatermark - position),
        })),
      ),
  })
  metrics.observeGauge({
    name: 'millrace_restore_remaining_records',
    help: 'Changelog records still to be read before a task runs.',
    labels: [...jobLabels, 'task'],
    read: () =>
      status().tasks.map(({ id, restoreRemaining }) => ({
        labels: { ...job(), task: id },
        value: restoreRemaining,
      })),
  })
  return metrics
}
