import type { RuntimeConfig } from './config.ts'
import { InvalidJob } from './errors.ts'
import { lint } from './lint.ts'
import { topologyFromSteps } from './topology/from-steps.ts'
import type { Topology } from './topology/topology.ts'

/** The graph of a job, of its steps or of its code. Throws `InvalidJob`. */
export async function topologyOfJob(
  config: RuntimeConfig,
  loadTopology: (config: RuntimeConfig) => Promise<Topology>,
): Promise<Topology> {
  const problems = lint(config)
  if (problems.length > 0) throw new InvalidJob(problems)
  return config.code === undefined ? topologyFromSteps(config).topology : loadTopology(config)
}
