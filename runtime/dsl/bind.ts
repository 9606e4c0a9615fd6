import type { RuntimeConfig } from '../config.ts'
import { InvalidJob, type Problem } from '../errors.ts'
import { hint } from '../platform/did-you-mean.ts'
import { feedbackProblems } from '../topology/feedback.ts'
import { joinProblems } from '../topology/join-problems.ts'
import { inputNodes } from '../topology/input-nodes.ts'
import { sourceNodes } from '../topology/source-node.ts'
import { type Topology, topologyOf } from '../topology/topology.ts'
import type { Job } from './job.ts'

/** Puts the manifest's inputs where the job names them. Throws `InvalidJob`. */
export function bind({ nodes }: Job, { inputs }: Pick<RuntimeConfig, 'inputs'>): Topology {
  const problems: Problem[] = []
  const sources = sourceNodes(inputs, problems)
  const topology = topologyOf(
    nodes.flatMap((node) => {
      if (node.kind !== 'input') return [node]
      const source = sources.find(({ name }) => name === node.name)
      if (source !== undefined) return inputNodes(source, node)
      const names = inputs.map(({ name }) => name)
      const message = `reads the input "${node.name}", which the manifest does not have.${hint(node.name, names)}`
      throw new InvalidJob([{ path: 'code', message }])
    }),
  )
  problems.push(...feedbackProblems(topology, 'code'), ...joinProblems(topology))
  if (problems.length > 0) throw new InvalidJob(problems)
  return topology
}
