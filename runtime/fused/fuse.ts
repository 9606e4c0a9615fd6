import type { SubTopology } from '../topology/sub-topologies.ts'
import { NotFusable } from './code.ts'
import { Program } from './program.ts'
import { programCode } from './program-code.ts'

/**
 * A program for each source topic of the sub-topology; undefined when there is something in it that only the interpreter can
 * do: most kinds of state, a user's function, or an expression beyond numbers, bools and plain text.
 */
export function fuse(
  subTopology: SubTopology,
  applicationId: string,
  partitionsOf: (topic: string) => number,
): ReadonlyMap<string, Program> | undefined {
  const { stores, sources } = subTopology
  // With state the order in which records of several topics come matters; programs take batch by batch.
  if (stores.length > 0 && sources.length > 1) return undefined
  try {
    return new Map(
      subTopology.sources.map((source) => {
        const code = programCode(subTopology, source, applicationId)
        return [source.topic, new Program(code, partitionsOf)]
      }),
    )
  } catch (error) {
    if (error instanceof NotFusable) return undefined
    throw error
  }
}
