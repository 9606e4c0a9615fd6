import type { RuntimeConfig } from './config.ts'
import type { Problem } from './errors.ts'
import { topologyFromSteps } from './topology/from-steps.ts'
import { generatorProblems } from './topology/generator-problems.ts'
import { sourceNodes } from './topology/source-node.ts'

/**
 * The one validator of a job, beyond its schema: expressions, names, the graph. The operator, dev mode and the pod all ask
 * it. A TypeScript job is checked when its file is loaded, in the pod.
 */
export function lint(
  config: Pick<RuntimeConfig, 'inputs' | 'outputs' | 'steps'>,
): readonly Problem[] {
  const problems: Problem[] = []
  if (config.steps === undefined) sourceNodes(config.inputs, problems)
  else problems.push(...topologyFromSteps(config).problems)
  return [...problems, ...generatorProblems(config.inputs)]
}
