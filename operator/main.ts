import { systemClock } from '../runtime/platform/clock.ts'
import { serveHttp } from '../runtime/platform/http.ts'
import { createLogger, type Logger } from '../runtime/platform/logger.ts'
import { Metrics } from '../runtime/platform/metrics.ts'
import { onShutdown } from '../runtime/platform/shutdown.ts'
import { type OperatorConfig, operatorConfig } from './config.ts'
import { Controller } from './engine/controller.ts'
import type { KafkaAdminFor } from './kafka/kafka-admin.ts'
import { kafkaAdmins } from './kafka/kafka-admins.ts'
import { KubeClient } from './kube/client.ts'
import { EventRecorder } from './kube/events.ts'
import type { Kube } from './kube/kube.ts'
import { onlyWhile } from './kube/only-while.ts'
import { LeaderElection } from './kube/lease.ts'
import { streamJobController } from './streamjob/controller.ts'
import { readPodStatusByHttp } from './streamjob/pod-status.ts'
import { topicController } from './topic/controller.ts'

const LEASE = 'millrace-operator'
const SHUTDOWN_MS = 8000
/** A watch that nobody has heard of for this long is not to be trusted. */
const STALE_MS = 3 * 60_000
const RECONCILE_BUCKETS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** The operator's process: waits for the lease, then keeps both kinds as their specs say. Ends when it loses the lease. */
export async function runOperator(env: NodeJS.ProcessEnv): Promise<void> {
  const config = operatorConfig(env)
  const style = process.stderr.isTTY ? 'text' : 'json'
  const log = createLogger({ level: config.logLevel, style })
  const client = KubeClient.fromDefault()
  const identity = `${config.identity}_${crypto.randomUUID().slice(0, 8)}`
  const lease = { namespace: config.namespace, name: LEASE }
  const election = new LeaderElection({ kube: client, clock: systemClock, log, identity, ...lease })
  const kube = onlyWhile(client, () => election.isLeader)
  const admins = kafkaAdmins(client, systemClock)
  const metrics = operatorMetrics(election)
  const controllers = controllersOf({ config, kube, kafka: admins.of, log, identity, metrics })
  const isReady = () =>
    !election.isLeader || controllers.every(({ synced, silentMs }) => synced && silentMs < STALE_MS)
  await serveHttp({ port: config.httpPort, isReady, metrics })
  const stopping = new AbortController()
  const ended = lead(election, controllers, stopping.signal)
  onShutdown({
    stop: async () => {
      stopping.abort()
      await ended
      await admins.close()
    },
    deadlineMs: SHUTDOWN_MS,
    onSignal: (signal) => log.info('stopping', { signal }),
  })
  log.info('waiting for the lease', { ...lease, identity })
  await ended
  if (stopping.signal.aborted) return
  // Another may act now: nothing of ours may go on, whatever it was about to do.
  log.error('lost the lease')
  process.exit(1)
}

interface ControllerParts {
  readonly config: OperatorConfig
  readonly kube: Kube
  readonly kafka: KafkaAdminFor
  readonly log: Logger
  readonly identity: string
  readonly metrics: Metrics
}

function controllersOf({ config, kube, kafka, log, identity, metrics }: ControllerParts) {
  const clock = systemClock
  const namespaces = config.watchNamespaces
  const events = new EventRecorder(kube, clock, log, identity)
  const deps = { kube, kafka, clock, events, namespaces }
  const specs = [
    topicController(deps),
    streamJobController({
      ...deps,
      readPodStatus: readPodStatusByHttp,
      guardsState: true,
      defaultImage: config.image,
    }),
  ]
  const observe = metrics.histogram(
    'millrace_operator_reconcile_duration_seconds',
    'Time of one reconcile.',
    ['kind', 'result'],
    RECONCILE_BUCKETS,
  )
  return specs.map(
    (spec) =>
      new Controller(spec, {
        kube,
        clock,
        random: Math.random,
        log,
        namespaces,
        onReconciled: (kind, result, seconds) => observe({ kind, result }, seconds),
      }),
  )
}

function operatorMetrics(election: LeaderElection): Metrics {
  const metrics = new Metrics()
  metrics.observeGauge({
    name: 'millrace_operator_leader',
    help: '1 while this process holds the lease.',
    labels: [],
    read: () => [{ labels: {}, value: election.isLeader ? 1 : 0 }],
  })
  return metrics
}

async function lead(
  election: LeaderElection,
  controllers: readonly Controller[],
  signal: AbortSignal,
): Promise<void> {
  await election.acquire(signal)
  if (signal.aborted) return
  const working = new AbortController()
  const running = controllers.map((controller) => controller.run(working.signal))
  await election.hold(signal, async () => {
    working.abort()
    await Promise.all(running)
  })
}
