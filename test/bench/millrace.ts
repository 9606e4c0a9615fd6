import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { compile } from '../../build/compile.ts'
import { memoryEnv, stateMemoryBytes } from '../../operator/streamjob/desired/pod-memory.ts'
import { runtimeConfigSchema } from '../../runtime/config.ts'
import type { Contender, RunSpec } from './contender.ts'
import { Worker } from './worker.ts'

const root = join(import.meta.dirname, '..', '..')
const CLI = join(root, 'dist', 'cli', 'main.js')
/** As the image has it. */
const FLAGS = ['--enable-source-maps']

/** Processing threads that one instance can have. */
export const maxThreads = availableParallelism()

/** One instance of a job, compiled and started as its pod is. */
export async function millrace(log: (line: string) => void): Promise<Contender> {
  log('compiling Millrace')
  await compile(join(root, 'dist'))
  return {
    side: 'millrace',
    title: 'Millrace',
    start: (spec) => startMillrace(spec),
    throughTopic: ({ topics }) => topics.through,
  }
}

/** `flags` are Node's. */
export function startMillrace(spec: RunSpec, flags: readonly string[] = []): Worker {
  const config = join(spec.dir, 'job.json')
  writeFileSync(config, JSON.stringify(configOf(spec), null, 2))
  return new Worker({
    argv: [
      process.execPath,
      ...FLAGS,
      ...flags,
      CLI,
      'run',
      '--config',
      config,
      '--http-port',
      '0',
    ],
    env: { POD_NAME: 'bench-0', LOG_LEVEL: 'warn', ...memoryOf(spec) },
    logFile: join(spec.dir, 'millrace.log'),
  })
}

const memoryOf = ({ pod, threads }: RunSpec) =>
  pod === undefined ? {} : memoryEnv(pod.memoryBytes, threads)

function configOf(spec: RunSpec) {
  const { topology, topics, applicationId, bootstrapServers, threads, codec } = spec
  const { guarantee, commitIntervalMs, pod } = spec
  return runtimeConfigSchema.parse({
    job: { namespace: 'bench', name: topology.name },
    applicationId,
    kafka: { bootstrapServers },
    guarantee,
    commitIntervalMs,
    threads,
    ...(pod === undefined
      ? {}
      : { stateDir: pod.stateDir, stateMemoryBytes: stateMemoryBytes(pod.memoryBytes) }),
    compression: `${codec[0]?.toUpperCase()}${codec.slice(1)}`,
    ...topology.job(topics),
  })
}
