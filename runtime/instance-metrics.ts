import type { RuntimeStatus } from './config.ts'
import { Metrics } from './platform/metrics.ts'

type ReadStatus = () => RuntimeStatus

const jobLabels = ['namespace', 'job'] as const

const recordCounters = [
  ['consumed', 'consumed', 'Records taken from input and repartition topics.'],
  [
    'produced',
    'produced',
    'Records written to output, repartition, changelog and dead-letter topics.',
  ],
  ['skipped', 'skipped', 'Bad records dropped because onError is Skip.'],
  ['dead_lettered', 'deadLettered', 'Bad records set aside because onError is DeadLetter.'],
  ['lost', 'lost', 'Offsets of records that were removed from a topic before they were read.'],
] as const

/** Metrics of one instance, read from its status when scraped. */
export function instanceMetrics(status: ReadStatus): Metrics {
  const metrics = new Metrics()
  addRecordCounters(metrics, status)
  addTaskGauges(metrics, status)
  return metrics
}

const jobOf = ({ job: { namespace, name } }: RuntimeStatus) => ({ namespace, job: name })

function addRecordCounters(metrics: Metrics, status: ReadStatus): void {
  for (const [name, field, help] of recordCounters) {
    metrics.observeCounter({
      name: `millrace_records_${name}_total`,
      help,
      labels: jobLabels,
      read: () => [{ labels: jobOf(status()), value: status().counts[field] }],
    })
  }
  for (const request of ['fetch', 'produce'] as const) {
    metrics.observeCounter({
      name: `millrace_${request}_throttle_seconds_total`,
      help: `How long brokers have told the job to be quiet after a ${request}, by a quota.`,
      labels: jobLabels,
      read: () => [{ labels: jobOf(status()), value: status().throttledMs[request] / 1000 }],
    })
  }
  addStateMetrics(metrics, status)
  metrics.observeCounter({
    name: 'millrace_node_records_total',
    help: 'Records that entered a node of the topology.',
    labels: [...jobLabels, 'node'],
    read: () => by('node', status(), status().nodes),
  })
  metrics.observeCounter({
    name: 'millrace_dropped_records_total',
    help: 'Records that a node left out, such as those too late for a window.',
    labels: [...jobLabels, 'node', 'reason'],
    read: () => byBoth(['node', 'reason'], status(), status().dropped),
  })
}

function addStateMetrics(metrics: Metrics, status: ReadStatus): void {
  metrics.observeGauge({
    name: 'millrace_state_bytes',
    help: 'What a store takes of memory and of the disk, beside its snapshots.',
    labels: [...jobLabels, 'store', 'where'],
    read: () => byBoth(['store', 'where'], status(), status().stateBytes),
  })
  metrics.observeCounter({
    name: 'millrace_snapshots_total',
    help: 'Snapshots of state on the local disk, by outcome.',
    labels: [...jobLabels, 'outcome'],
    read: () => by('outcome', status(), { ...status().snapshots }),
  })
  metrics.observeCounter({
    name: 'millrace_restored_entries_total',
    help: 'Entries of state that tasks have started with, by where they came from.',
    labels: [...jobLabels, 'source'],
    read: () => by('source', status(), { ...status().restored }),
  })
  metrics.observeGauge({
    name: 'millrace_standby_tasks',
    help: 'Tasks that run elsewhere and whose state this instance keeps as well.',
    labels: jobLabels,
    read: () => [{ labels: jobOf(status()), value: status().standbys.length }],
  })
  metrics.observeGauge({
    name: 'millrace_standby_lag_records',
    help: 'Changelog records that a standby has not read yet.',
    labels: [...jobLabels, 'task'],
    read: () =>
      status().standbys.flatMap(({ id, lag }) =>
        lag === undefined ? [] : [{ labels: { ...jobOf(status()), task: id }, value: lag }],
      ),
  })
}

type Counts = Readonly<Record<string, number>>

const by = (label: string, status: RuntimeStatus, counts: Counts) =>
  Object.entries(counts).map(([name, value]) => ({
    labels: { ...jobOf(status), [label]: name },
    value,
  }))

const byBoth = (
  [outer, inner]: readonly [outer: string, inner: string],
  status: RuntimeStatus,
  counts: Readonly<Record<string, Counts>>,
) =>
  Object.entries(counts).flatMap(([name, each]) =>
    Object.entries(each).map(([kind, value]) => ({
      labels: { ...jobOf(status), [outer]: name, [inner]: kind },
      value,
    })),
  )

function addTaskGauges(metrics: Metrics, status: ReadStatus): void {
  metrics.observeGauge({
    name: 'millrace_consumer_lag_records',
    help: 'Records of a partition that this instance has not processed yet.',
    labels: [...jobLabels, 'topic', 'partition'],
    read: () =>
      status().tasks.flatMap(({ partitions }) =>
        partitions.map(({ topic, partition, position, highWatermark }) => ({
          labels: { ...jobOf(status()), topic, partition: String(partition) },
          value: Math.max(0, highWatermark - position),
        })),
      ),
  })
  metrics.observeGauge({
    name: 'millrace_async_in_flight_records',
    help: 'Records that an async function works on, or that wait there for their turn.',
    labels: [...jobLabels, 'node'],
    read: () => by('node', status(), status().inFlight),
  })
  metrics.observeGauge({
    name: 'millrace_restore_remaining_records',
    help: 'Changelog records still to be read before a task runs.',
    labels: [...jobLabels, 'task'],
    read: () =>
      status().tasks.map(({ id, restoreRemaining }) => ({
        labels: { ...jobOf(status()), task: id },
        value: restoreRemaining,
      })),
  })
}
