import { statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Broker } from '../runtime/broker/broker.ts'
import { EmbeddedBroker } from '../runtime/broker/embedded-broker.ts'
import { KafkaBroker } from '../runtime/broker/kafka-broker.ts'
import { systemClock } from '../runtime/platform/clock.ts'
import { createLogger, type Logger } from '../runtime/platform/logger.ts'
import { serveDashboard } from '../dashboard/server.ts'
import { EmbeddedAdmin } from '../operator/kafka/embedded-admin.ts'
import { KafkajsAdmin } from '../operator/kafka/kafkajs-admin.ts'
import type { KafkaAdmin } from '../operator/kafka/kafka-admin.ts'
import { type LocalOperator, startLocal } from '../operator/local/local-operator.ts'
import { devProgram } from './dev-program.ts'
import { DevView } from './dev-view.ts'
import { FriendlyError } from './friendly-error.ts'
import { readManifests } from './manifests.ts'
import { TopicTail } from './topic-tail.ts'

export interface DevOptions {
  readonly path: string
  readonly bootstrap?: string
  readonly port: number
  readonly page: boolean
}

const APPLIED_KINDS = new Set(['StreamJob', 'Topic', 'ConfigMap'])
const RELOAD_MS = 200

/** `millrace dev`: the operator and the pods of the manifests in this process, until Ctrl-C. */
export async function dev({ path, bootstrap, port, page }: DevOptions): Promise<void> {
  const manifests = readManifests(path)
  const log = createLogger({ level: process.env.LOG_LEVEL ?? 'warn', style: 'text' })
  const kafka = kafkaFor(bootstrap)
  const operator = startLocal({
    clock: systemClock,
    random: Math.random,
    log,
    kafka: async () => kafka.admin,
    events: { record: () => undefined },
    // What the embedded broker holds is gone at the end anyway.
    guardsState: bootstrap !== undefined,
    start: devProgram({ connect: (clientId) => kafka.connect(clientId), log }),
  })
  await applyAll(operator, manifests)
  const tail = new TopicTail(kafka.connect('dev-page'))
  const view = new DevView({ kube: operator.kube, pods: operator.pods, tail })
  const server = page ? await serveDashboard({ port, snapshot: () => view.snapshot() }) : undefined
  view.announce(kafka.name, server?.url)
  const ended = new AbortController()
  const watching = watchForChanges(path, operator, log)
  const viewing = view.run(ended.signal)
  await interrupted()
  process.stdout.write('\nstopping…\n')
  watching.close()
  ended.abort()
  await viewing
  await server?.close()
  await operator.stop()
  await tail.close()
  await kafka.close()
}

interface DevKafka {
  readonly name: string
  readonly admin: KafkaAdmin
  connect(clientId: string): Broker
  close(): Promise<void>
}

function kafkaFor(bootstrap: string | undefined): DevKafka {
  if (bootstrap === undefined) {
    const embedded = new EmbeddedBroker()
    const admin = new EmbeddedAdmin(embedded)
    return {
      name: 'embedded broker',
      admin,
      connect: () => embedded.connect(),
      close: () => Promise.resolve(),
    }
  }
  const bootstrapServers = bootstrap.split(',')
  const admin = new KafkajsAdmin({ kafka: { bootstrapServers }, secrets: {} })
  const connect = (clientId: string) => new KafkaBroker({ bootstrapServers, clientId })
  return { name: `Kafka at ${bootstrap}`, admin, connect, close: () => admin.close() }
}

async function applyAll(
  { kube }: LocalOperator,
  manifests: ReturnType<typeof readManifests>,
): Promise<void> {
  for (const manifest of manifests) {
    if (!APPLIED_KINDS.has(manifest.kind)) continue
    try {
      await kube.apply(manifest)
    } catch (error) {
      throw new FriendlyError((error as Error).message)
    }
  }
}

/** Saving a manifest applies it, as kubectl apply would. A fault in it is shown, and the old one goes on. */
function watchForChanges(path: string, operator: LocalOperator, log: Logger): { close(): void } {
  let pending: NodeJS.Timeout | undefined
  const reload = async () => {
    try {
      await applyAll(operator, readManifests(path))
    } catch (error) {
      log.error((error as Error).message)
    }
  }
  // Its folder even where it is a single file: editors that save by renaming replace that, and with it any watch of it.
  const file = statSync(path).isDirectory() ? undefined : basename(path)
  const watcher = watch(file === undefined ? path : dirname(path), (_, changed) => {
    if (file !== undefined && changed !== file) return
    clearTimeout(pending)
    pending = setTimeout(() => void reload(), RELOAD_MS)
  })
  return {
    close() {
      clearTimeout(pending)
      watcher.close()
    },
  }
}

/** Resolves on the first Ctrl-C; the second ends the process at once. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const first = () => {
      process.once('SIGINT', () => process.exit(130))
      resolve()
    }
    process.once('SIGINT', first)
    process.once('SIGTERM', first)
  })
}
