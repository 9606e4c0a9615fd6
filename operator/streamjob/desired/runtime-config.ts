import { durationMs, type StreamJob } from '../../../crds/index.ts'
import type { RuntimeConfigInput } from '../../../runtime/config.ts'
import { kafkaConfig } from './kafka-files.ts'
import { applicationIdOf } from './names.ts'
import { stateMemoryBytes } from './pod-memory.ts'
import { memoryBytes } from './quantity.ts'

export const CODE_DIR = '/etc/millrace/code'
export const CODE_FILE = 'job.ts'
/** Where snapshots of state are: as long as the pod is there, whatever becomes of its container. */
export const STATE_DIR = '/var/lib/millrace'

/** The job in the words of the runtime. */
export function runtimeConfig(job: StreamJob): RuntimeConfigInput {
  const { spec, metadata } = job
  const codePath =
    spec.code === undefined ? undefined : (spec.code.path ?? `${CODE_DIR}/${CODE_FILE}`)
  return {
    job: { namespace: metadata.namespace ?? '', name: metadata.name },
    applicationId: applicationIdOf(job),
    kafka: kafkaConfig(spec.kafka),
    inputs: spec.inputs,
    ...(spec.steps === undefined ? {} : { steps: spec.steps }),
    ...(codePath === undefined ? {} : { code: { path: codePath } }),
    outputs: spec.outputs,
    ...timeConfig(spec),
    threads: spec.threads,
    onError: spec.onError,
    ...(spec.deadLetterTopic === undefined ? {} : { deadLetterTopic: spec.deadLetterTopic }),
    onDataLoss: spec.onDataLoss,
    internalTopics: spec.internalTopics ?? {},
    compression: spec.compression,
    guarantee: spec.guarantee,
    ...(spec.state === undefined ? {} : { state: spec.state }),
    stateDir: STATE_DIR,
    ...stateMemory(spec),
  }
}

/** Without a limit there is nothing to keep to. */
function stateMemory({ resources }: StreamJob['spec']) {
  const limit = memoryBytes(resources?.limits?.memory)
  return limit === undefined ? {} : { stateMemoryBytes: stateMemoryBytes(limit) }
}

const timeConfig = ({ time, commitInterval }: StreamJob['spec']) => ({
  ...(time?.idleAfter === undefined ? {} : { time: { idleAfterMs: durationMs(time.idleAfter) } }),
  ...(commitInterval === undefined ? {} : { commitIntervalMs: durationMs(commitInterval) }),
})
