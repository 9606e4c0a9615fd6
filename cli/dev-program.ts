import type { StartProgram } from '../operator/local/local-pods.ts'
import type { Broker } from '../runtime/broker/broker.ts'
import { runtimeConfigSchema } from '../runtime/config.ts'
import { startInstance } from '../runtime/instance.ts'
import { systemClock } from '../runtime/platform/clock.ts'
import type { Logger } from '../runtime/platform/logger.ts'
import { loadCode } from './load-code.ts'

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
    const rendered = runtimeConfigSchema.parse(JSON.parse(files['config.json'] ?? '{}'))
    // The directory is one of a pod's file system.
    const config = { ...rendered, stateDir: undefined }
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
