import type { Clock } from '../../runtime/platform/clock.ts'
import type { Logger } from '../../runtime/platform/logger.ts'
import { Controller } from '../engine/controller.ts'
import type { KafkaAdminFor } from '../kafka/kafka-admin.ts'
import type { Events } from '../kube/events.ts'
import type { Kube } from '../kube/kube.ts'
import { streamJobController } from '../streamjob/controller.ts'
import { topicController } from '../topic/controller.ts'
import { admit } from './admit.ts'
import { LocalPods, type StartProgram } from './local-pods.ts'
import { MemoryKube } from './memory-kube.ts'

export interface LocalOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  readonly kafka: KafkaAdminFor
  readonly events: Events
  readonly start: StartProgram
  /** Whether a change that would lose a job's state is refused. */
  readonly guardsState: boolean
}

export interface LocalOperator {
  /** Apply manifests here; read what became of them. */
  readonly kube: Kube
  readonly pods: LocalPods
  /** Ends when everything has stopped after `stop`. */
  stop(): Promise<void>
}

/** A cluster in one process: the operator's own controllers on an API server in memory, pods as programs. */
export function startLocal(options: LocalOptions): LocalOperator {
  const { clock, kafka, events, guardsState } = options
  const kube = new MemoryKube(clock, admit)
  const pods = new LocalPods({ kube, clock, start: options.start })
  const readPodStatus = (pod: Parameters<LocalPods['programOf']>[0]) =>
    Promise.resolve(pods.programOf(pod)?.status())
  const namespaces: readonly string[] = []
  const deps = { kube, kafka, events, clock, namespaces }
  const specs = [
    topicController(deps),
    streamJobController({ ...deps, readPodStatus, guardsState, defaultImage: 'millrace' }),
  ]
  const controllers = specs.map((spec) => new Controller(spec, { ...options, kube, namespaces }))
  const stopping = new AbortController()
  const stopControllers = new AbortController()
  const running = controllers.map((controller) => controller.run(stopControllers.signal))
  const podsEnded = pods.run(stopping.signal)
  return {
    kube,
    pods,
    async stop() {
      stopControllers.abort()
      await Promise.all(running)
      stopping.abort()
      await podsEnded
    },
  }
}
