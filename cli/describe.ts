import type { KubeObject } from '../operator/kube/kube.ts'
import type { RuntimeConfig } from '../runtime/config.ts'
import { describedTopology, describeTopology } from '../runtime/topology/describe.ts'
import { classifyChange, type ShapeChange } from '../runtime/topology/shape-change.ts'
import { subTopologiesOf } from '../runtime/topology/sub-topologies.ts'
import type { Topology } from '../runtime/topology/topology.ts'
import { fingerprintOf, shapeOf } from '../runtime/topology/topology-shape.ts'
import { FriendlyError } from './friendly-error.ts'
import { jobOf } from './manifest-job.ts'
import { readManifests } from './manifests.ts'

export interface DescribeOptions {
  readonly path: string
  readonly json?: boolean
  /** Manifests of what ran before. */
  readonly before?: string
}

interface KnownJob {
  /** namespace/name. */
  readonly name: string
  readonly config: RuntimeConfig
  readonly topology: Topology
}

/** The topologies of all jobs at the path, as text or as JSON. Nothing is run but the file of a TypeScript job. */
export async function describe({ path, json = false, before }: DescribeOptions): Promise<string> {
  const jobs = await jobsAt(path)
  const known = before === undefined ? [] : await jobsAt(before)
  const described = jobs.map((job) => ({ job, change: changeOf(job, known) }))
  return json
    ? JSON.stringify(described.map(asData), undefined, 2)
    : described.map(asText).join('\n\n')
}

interface Described {
  readonly job: KnownJob
  readonly change: ShapeChange | undefined
}

function changeOf(job: KnownJob, before: readonly KnownJob[]): ShapeChange | undefined {
  const was = before.find(({ name }) => name === job.name)
  return was && classifyChange(shapeOf(was.topology), shapeOf(job.topology))
}

const asData = ({ job: { name, config, topology }, change }: Described) => {
  const shape = shapeOf(topology)
  return {
    job: name,
    applicationId: config.applicationId,
    subTopologies: describedTopology(subTopologiesOf(topology, config.applicationId)),
    fingerprint: fingerprintOf(shape),
    shape,
    ...(change === undefined ? {} : { change }),
  }
}

const asText = ({ job: { name, config, topology }, change }: Described): string =>
  [
    `${name} (state ${fingerprintOf(shapeOf(topology))})`,
    describeTopology(subTopologiesOf(topology, config.applicationId)),
    ...(change === undefined ? [] : [changeText(change)]),
  ].join('\n')

const changeText = ({ verdict, reasons }: ShapeChange): string =>
  [
    `Change: ${verdict}`,
    ...reasons.map((reason) => `  ${reason.verdict}: "${reason.subject}" ${reason.message}`),
  ].join('\n')

async function jobsAt(path: string): Promise<readonly KnownJob[]> {
  const objects = readManifests(path)
  const jobs = objects.filter(({ kind }) => kind === 'StreamJob')
  if (jobs.length === 0) throw new FriendlyError(`${path}: there is no StreamJob in it`)
  return Promise.all(jobs.map((job) => knownJob(job, objects)))
}

async function knownJob(object: KubeObject, objects: readonly KubeObject[]): Promise<KnownJob> {
  const name = `${object.metadata.namespace}/${object.metadata.name}`
  try {
    return { name, ...(await jobOf(object, objects)) }
  } catch (error) {
    throw new FriendlyError(`${name}: ${(error as Error).message}`, { cause: error })
  }
}
