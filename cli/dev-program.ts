import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StartProgram } from '../operator/local/local-pods.ts'
import type { Broker } from '../runtime/broker/broker.ts'
import { type RuntimeConfig, runtimeConfigSchema } from '../runtime/config.ts'
import { loadJob } from '../runtime/dsl/load-job.ts'
import { startInstance } from '../runtime/instance.ts'
import { systemClock } from '../runtime/platform/clock.ts'
import type { Logger } from '../runtime/platform/logger.ts'

/** Runs what a pod would run, from the files of its ConfigMap. */
export const devProgram =
  ({
    connect,
    log,
  }: {
    readonly connect: (clientId: string) => Broker
    readonly log: Logger
  }): StartProgram =>
  ({ name, files }) => {
    const config = runtimeConfigSchema.parse(JSON.parse(files['config.json'] ?? '{}'))
    return startInstance({
      config,
      broker: connect(name),
      instanceId: name,
      clock: systemClock,
      random: Math.random,
      log: log.child({ pod: name }),
      loadTopology: () => loadCode(files['job.ts'], config),
    })
  }

/** Node runs files, not texts. Each load is a new file, since a module is loaded once for ever. */
async function loadCode(code: string | undefined, config: RuntimeConfig) {
  if (code === undefined) return loadJob(config.code?.path ?? '', config)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-job-'))
  try {
    const path = join(folder, 'job.ts')
    writeFileSync(path, code)
    return await loadJob(path, config)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
