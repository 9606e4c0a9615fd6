import type { RuntimeConfig } from '../config.ts'
import { InvalidJob } from '../errors.ts'
import { hint } from '../platform/did-you-mean.ts'
import { feedbackProblems } from '../topology/feedback.ts'
import { joinProblems } from '../topology/join-problems.ts'
import { sourceNode } from '../topology/from-steps.ts'
import { inputNodes } from '../topology/input-nodes.ts'
import { type Topology, topologyOf } from '../topology/topology.ts'
import type { Job } from './job.ts'

/** Puts the manifest's inputs where the job names them. Throws `InvalidJob`. */
export function bind({ nodes }: Job, { inputs }: Pick<RuntimeConfig, 'inputs'>): Topology {
  const topology = topologyOf(
    nodes.flatMap((node) => {
      if (node.kind !== 'input') return [node]
      const input = inputs.find(({ name }) => name === node.name)
      if (input !== undefined) return inputNodes(sourceNode(input), node.as)
      const names = inputs.map(({ name }) => name)
      const message = `reads the input "${node.name}", which the manifest does not have.${hint(node.name, names)}`
      throw new InvalidJob([{ path: 'code', message }])
    }),
  )
  const problems = [...feedbackProblems(topology, 'code'), ...joinProblems(topology)]
  if (problems.length > 0) throw new InvalidJob(problems)
  return topology
}
