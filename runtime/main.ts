import { constants, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { type RuntimeConfig, runtimeConfigSchema } from './config.ts'
import type { Instance } from './instance.ts'
import { instanceMetrics } from './instance-metrics.ts'
import { systemClock } from './platform/clock.ts'
import { serveHttp } from './platform/http.ts'
import { lastWords } from './platform/last-words.ts'
import { createLogger, type Logger } from './platform/logger.ts'
import { onShutdown } from './platform/shutdown.ts'
import { startWorkerThreads } from './threads/worker-threads.ts'

export interface RunOptions {
  readonly configPath: string
  readonly httpPort: number
  readonly env: NodeJS.ProcessEnv
}

/** Kubernetes gives 30 s; what is not committed by then is processed again. */
const SHUTDOWN_MS = 25_000
/** Where Kubernetes reads a container's last words from. */
const TERMINATION_LOG = '/dev/termination-log'

/**
 * The process of a pod: one instance of a job on worker threads; this thread answers probes and scrapes and takes signals.
 * Ends when the instance does.
 */
export async function runInstance({ configPath, httpPort, env }: RunOptions): Promise<void> {
  const config = await readConfig(configPath)
  const instanceId = env.POD_NAME ?? hostname()
  const log = createLogger({
    level: env.LOG_LEVEL ?? 'info',
    style: process.stderr.isTTY ? 'text' : 'json',
  }).child({ job: `${config.job.namespace}/${config.job.name}`, instance: instanceId })
  const instance = startWorkerThreads({ config, instanceId, clock: systemClock, log })
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
  await endWith(instance, log)
  await http.close()
}

async function endWith(instance: Instance, log: Logger): Promise<void> {
  try {
    await instance.ended
  } catch (error) {
    log.error('the instance ended', { why: (error as Error).message })
    // Only where Kubernetes has put one.
    const flag = constants.O_WRONLY | constants.O_TRUNC
    await writeFile(TERMINATION_LOG, lastWords(error as Error), { flag }).catch(() => undefined)
    process.exitCode = 1
  }
}

async function readConfig(path: string): Promise<RuntimeConfig> {
  const parsed = runtimeConfigSchema.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`${path} is not a configuration of a job:\n${faults.join('\n')}`)
}
