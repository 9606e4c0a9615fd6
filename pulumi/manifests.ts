import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RunError } from '@pulumi/pulumi'
import { parseAllDocuments } from 'yaml'

/** A StreamJob or Topic as one would give it to kubectl. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: Readonly<Record<string, unknown>>
}

/** The manifests of a folder, topics before jobs. */
export function readManifests(folder: string): readonly Manifest[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => parse(join(folder, file)))
    .sort((one, other) => rank(one) - rank(other))
}

function parse(file: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(file, 'utf8'))
    .map((document) => document.toJSON() as Manifest | null)
    .filter((manifest) => manifest !== null)
    .map((manifest) => {
      if (manifest.apiVersion.startsWith('millrace.dev/')) return manifest
      throw new RunError(`${file} has a ${manifest.kind}: an example is StreamJobs and Topics only`)
    })
}

const rank = ({ kind }: Manifest): number => (kind === 'Topic' ? 0 : 1)
