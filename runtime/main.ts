import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { KafkaBroker } from './broker/kafka-broker.ts'
import { type RuntimeConfig, runtimeConfigSchema } from './config.ts'
import { loadJob } from './dsl/load-job.ts'
import { type Instance, startInstance } from './instance.ts'
import { instanceMetrics } from './instance-metrics.ts'
import { systemClock } from './platform/clock.ts'
import { serveHttp } from './platform/http.ts'
import { createLogger } from './platform/logger.ts'
import { onShutdown } from './platform/shutdown.ts'

export interface RunOptions {
  readonly configPath: string
  readonly httpPort: number
  readonly env: NodeJS.ProcessEnv
}

/** Kubernetes gives 30 s; what is not committed by then is processed again. */
const SHUTDOWN_MS = 25_000
/** Where Kubernetes reads a container's last words from. */
const TERMINATION_LOG = '/dev/termination-log'
const MAX_LAST_WORDS = 1000

/** The process of a pod: one instance of a job, probes and metrics beside it. Ends when the instance does. */
export async function runInstance({ configPath, httpPort, env }: RunOptions): Promise<void> {
  const log = createLogger({
    level: env.LOG_LEVEL ?? 'info',
    style: process.stderr.isTTY ? 'text' : 'json',
  })
  const config = await readConfig(configPath)
  const instanceId = env.POD_NAME ?? hostname()
  const { bootstrapServers, ...security } = config.kafka
  const broker = new KafkaBroker({ bootstrapServers, clientId: instanceId, security, log })
  const instance = startInstance({
    config,
    broker,
    instanceId,
    clock: systemClock,
    random: Math.random,
    log: log.child({ job: `${config.job.namespace}/${config.job.name}`, instance: instanceId }),
    loadTopology: ({ code }) => loadJob(code?.path ?? '', config),
  })
  const http = await serveHttp({
    port: httpPort,
    isReady: () => instance.ready(),
    metrics: instanceMetrics(() => instance.status()),
    json: { '/status': () => instance.status() },
  })
  onShutdown({
    stop: () => instance.stop(),
    deadlineMs: SHUTDOWN_MS,
    onSignal: (signal) => log.info('stopping', { signal }),
  })
  await endWith(instance)
  await http.close()
  await broker.close()
}

async function endWith(instance: Instance): Promise<void> {
  try {
    await instance.ended
  } catch (error) {
    await writeFile(TERMINATION_LOG, (error as Error).message.slice(0, MAX_LAST_WORDS)).catch(
      () => undefined,
    )
    process.exitCode = 1
  }
}

async function readConfig(path: string): Promise<RuntimeConfig> {
  const parsed = runtimeConfigSchema.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`${path} is not a configuration of a job:\n${faults.join('\n')}`)
}
