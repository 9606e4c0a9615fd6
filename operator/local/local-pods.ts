import type { RuntimeStatus } from '../../runtime/config.ts'
import { type Clock, sleep } from '../../runtime/platform/clock.ts'
import { lastWords } from '../../runtime/platform/last-words.ts'
import { backoffMs } from '../engine/backoff.ts'
import { kinds } from '../kube/kinds.ts'
import type { Kube, KubeObject } from '../kube/kube.ts'
import type { ConfigMap, ContainerStatus, Pod, StatefulSet } from '../streamjob/workload.ts'

/** A pod's program, running in this process. */
export interface LocalProgram {
  status(): RuntimeStatus
  ready(): boolean
  /** Rejects with what ended it, if that was not `stop`. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

export type StartProgram = (pod: {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
}) => LocalProgram

interface Running {
  readonly pod: KubeObject
  readonly stop: AbortController
  readonly ended: Promise<void>
  program: LocalProgram | undefined
}

export interface LocalPodsOptions {
  readonly kube: Kube
  readonly clock: Clock
  readonly start: StartProgram
}

interface Workload extends StatefulSet {
  spec?: {
    replicas?: number
    template?: {
      metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }
      spec?: { volumes?: { configMap?: { name: string } }[] }
    }
  }
}

const LOOK_MS = 100

/** The StatefulSet controller and the kubelet of dev mode: pods are programs in this process. */
export class LocalPods {
  readonly #options: LocalPodsOptions
  readonly #running = new Map<string, Running>()

  constructor(options: LocalPodsOptions) {
    this.#options = options
  }

  programOf(pod: KubeObject): LocalProgram | undefined {
    return this.#running.get(podId(pod))?.program
  }

  /** Keeps pods as the StatefulSets say until `signal` aborts, then stops them all. */
  async run(signal: AbortSignal): Promise<void> {
    const { kube, clock } = this.#options
    while (!signal.aborted) {
      const { items } = await kube.list<Workload>(kinds.statefulSet)
      await this.#stopUnwanted(items)
      for (const workload of items) await this.#keep(workload)
      await sleep(clock, LOOK_MS, signal)
    }
    await Promise.all([...this.#running.values()].map((running) => this.#stop(running)))
  }

  async #stopUnwanted(workloads: readonly Workload[]): Promise<void> {
    const wanted = new Set(workloads.flatMap((workload) => podsOf(workload).map(podId)))
    const hashes = new Map(
      workloads.flatMap((workload) => podsOf(workload).map((pod) => [podId(pod), revision(pod)])),
    )
    const unwanted = [...this.#running].filter(
      ([id, { pod }]) => !wanted.has(id) || hashes.get(id) !== revision(pod),
    )
    await Promise.all(unwanted.map(([, running]) => this.#stop(running)))
  }

  async #stop(running: Running): Promise<void> {
    running.stop.abort()
    await running.program?.stop()
    await running.ended
    this.#running.delete(podId(running.pod))
    await this.#options.kube.delete({
      ...kinds.pod,
      namespace: running.pod.metadata.namespace,
      name: running.pod.metadata.name,
    })
  }

  async #keep(workload: Workload): Promise<void> {
    for (const pod of podsOf(workload))
      if (!this.#running.has(podId(pod))) await this.#start(workload, pod)
    const running = podsOf(workload).flatMap((pod) => this.#running.get(podId(pod)) ?? [])
    const readyReplicas = running.filter(({ program }) => program?.ready() === true).length
    const current = revision(podsOf(workload)[0])
    await this.#options.kube.applyStatus<StatefulSet>({
      ...kinds.statefulSet,
      metadata: { name: workload.metadata.name, namespace: workload.metadata.namespace },
      status: {
        observedGeneration: workload.metadata.generation,
        replicas: running.length,
        readyReplicas,
        updatedReplicas: running.length,
        currentRevision: current,
        updateRevision: current,
      },
    })
  }

  async #start(workload: Workload, pod: KubeObject): Promise<void> {
    const { kube } = this.#options
    const [configMap] = (workload.spec?.template?.spec?.volumes ?? []).flatMap(
      (volume) => volume.configMap ?? [],
    )
    const namespace = workload.metadata.namespace ?? ''
    const found = await kube.get<ConfigMap>({
      ...kinds.configMap,
      namespace,
      name: configMap?.name ?? '',
    })
    if (found?.data === undefined) return
    await kube.apply(pod)
    const stop = new AbortController()
    const running: Running = { pod, stop, program: undefined, ended: Promise.resolve() }
    const ended = this.#restartForEver(running, found.data, stop.signal)
    this.#running.set(podId(pod), Object.assign(running, { ended }))
  }

  /** Starts the program again when it fails, with the back-off of a kubelet, and says so in the pod's status. */
  async #restartForEver(
    running: Running,
    files: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, start } = this.#options
    for (let restartCount = 0; !signal.aborted; restartCount++) {
      running.program = start({ name: running.pod.metadata.name, files })
      const failed = running.program.ended.then(
        () => undefined,
        (error: unknown) => error as Error,
      )
      const failure = await this.#reportUntil(running, failed, restartCount)
      if (failure === undefined || signal.aborted) return
      const waiting = { reason: 'CrashLoopBackOff', message: 'the program failed' }
      const terminated = { reason: 'Error', message: lastWords(failure), exitCode: 1 }
      await this.#report(running.pod, {
        ready: false,
        restartCount: restartCount + 1,
        state: { waiting },
        lastState: { terminated },
      })
      await sleep(
        clock,
        backoffMs(restartCount + 1, () => 0),
        signal,
      )
    }
  }

  async #reportUntil(
    running: Running,
    failed: Promise<Error | undefined>,
    restartCount: number,
  ): Promise<Error | undefined> {
    const { clock } = this.#options
    let over = false
    void failed.then(() => (over = true))
    while (!over) {
      const ready = running.program?.ready() === true
      await this.#report(running.pod, { ready, restartCount, state: {}, lastState: {} })
      await Promise.race([failed, sleep(clock, LOOK_MS)])
    }
    return failed
  }

  async #report(pod: KubeObject, container: Omit<ContainerStatus, 'name'>): Promise<void> {
    const { apiVersion, kind, metadata } = pod
    const { name, namespace } = metadata
    const status = { phase: 'Running', containerStatuses: [{ name: 'runtime', ...container }] }
    await this.#options.kube
      .applyStatus<Pod>({ apiVersion, kind, metadata: { name, namespace }, status })
      .catch(() => undefined) // the pod was deleted meanwhile
  }
}

const podId = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`

const revision = (pod: KubeObject | undefined): string =>
  JSON.stringify(pod?.metadata.annotations ?? {})

function podsOf({ metadata, spec, apiVersion, kind }: Workload): KubeObject[] {
  const { labels, annotations } = spec?.template?.metadata ?? {}
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' }
  return Array.from({ length: spec?.replicas ?? 0 }, (_, ordinal) => ({
    ...kinds.pod,
    metadata: {
      name: `${metadata.name}-${ordinal}`,
      namespace: metadata.namespace,
      labels,
      annotations,
      ownerReferences: [owner],
    },
  }))
}
