import type { TopologyNode } from '../topology/nodes.ts'
import type { SubTopology, SubTopologySource } from '../topology/sub-topologies.ts'
import { NotFusable } from './code.ts'
import { Program } from './program.ts'
import { programCode } from './program-code.ts'

/**
 * A program for each source topic of the sub-topology; undefined when there is something in it that only the interpreter can
 * do: most kinds of state, a user's function, an expression beyond numbers, bools and plain text, or a time or a window that
 * is not where Kafka has it. Where several topics meet in stores, some may go without a program: their records are
 * interpreted in between.
 */
export function fuse(
  subTopology: SubTopology,
  applicationId: string,
  partitionsOf: (topic: string) => number,
): ReadonlyMap<string, Program> | undefined {
  const { sources, exits, nodes } = subTopology
  if ([...sources, ...exits].some(isBeyondKafka)) return undefined
  const isMeeting = areTakenInTurn(subTopology)
  if (isMeeting && nodes.some(goesOnLater)) return undefined
  const programs = new Map<string, Program>()
  for (const source of sources) {
    const program = programOf(subTopology, source, applicationId, partitionsOf)
    if (program !== undefined) programs.set(source.topic, program)
    else if (!isMeeting) return undefined
  }
  return programs.size === 0 ? undefined : programs
}

/** With state the order in which records of several topics come matters. */
export const areTakenInTurn = ({
  stores,
  sources,
}: Pick<SubTopology, 'stores' | 'sources'>): boolean => stores.length > 0 && sources.length > 1

function programOf(
  subTopology: SubTopology,
  source: SubTopologySource,
  applicationId: string,
  partitionsOf: (topic: string) => number,
): Program | undefined {
  try {
    return new Program(programCode(subTopology, source, applicationId), partitionsOf)
  } catch (error) {
    if (error instanceof NotFusable) return undefined
    throw error
  }
}

const isBeyondKafka = (place: Pick<SubTopologySource, 'time' | 'windows'>): boolean =>
  place.time !== undefined || place.windows !== undefined

/** Something of its records comes at a time of its own. */
const goesOnLater = (node: TopologyNode): boolean =>
  LATER.has(node.kind) || ('emit' in node && node.emit === 'OnCommit')

const LATER: ReadonlySet<TopologyNode['kind']> = new Set([
  'map-async',
  'map-values-async',
  'process',
])
