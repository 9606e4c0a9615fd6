import { type RuntimeConfig, type RuntimeConfigInput, runtimeConfigSchema } from '../config.ts'
import { bind } from '../dsl/bind.ts'
import type { Job } from '../dsl/job.ts'
import type { Topology } from '../topology/topology.ts'

/** A job, and the graph that it is. */
export interface TestedJob {
  readonly config: RuntimeConfig
  readonly topology: Topology
}

/** What the manifest of a TypeScript job would say. */
export interface JobSettings {
  /** As in a manifest. An input that is not listed reads JSON values and text keys from the topic of its name. */
  readonly inputs?: RuntimeConfigInput['inputs']
  /** `Fail` unless given. */
  readonly onError?: RuntimeConfig['onError']
}

/** The internal topics of the job are named `test-…`. Throws `InvalidJob`. */
export function testedJob(
  job: Job,
  { inputs = [], onError = 'Fail' }: JobSettings = {},
): TestedJob {
  const listed = new Set(inputs.map(({ name }) => name))
  const others = job.nodes
    .filter(({ kind, name }) => kind === 'input' && !listed.has(name))
    .map(({ name }) => ({ name, topic: name }))
  const config = runtimeConfigSchema.parse({
    job: { namespace: 'default', name: 'test' },
    applicationId: 'test',
    kafka: { bootstrapServers: ['embedded:9092'] },
    inputs: [...inputs, ...others],
    code: { path: 'job.ts' },
    onError,
  })
  return { config, topology: bind(job, config) }
}
