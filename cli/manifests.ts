import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LineCounter, parseAllDocuments } from 'yaml'
import type { StreamJob } from '../crds/index.ts'
import type { KubeObject } from '../operator/kube/kube.ts'
import { FriendlyError } from './friendly-error.ts'

const YAML_FILE = /\.ya?ml$/
/** Tests of jobs, which may lie beside them: `millrace test` reads those. */
export const TEST_FILE = /\.test\.ya?ml$/
const DEFAULT_NAMESPACE = 'default'

/** Every object in a file, or in the YAML files of a folder. Throws `FriendlyError` with file:line:column. */
export function readManifests(path: string): KubeObject[] {
  const objects = filesOf(path).flatMap(readFile)
  if (objects.length === 0) throw new FriendlyError(`${path}: there is no manifest in it`)
  const folder = statSync(path).isDirectory() ? path : dirname(path)
  return [...codeBeside(objects, folder), ...objects]
}

/** What `kubectl create configmap --from-file` would make: the code of jobs whose ConfigMap is not among the manifests. */
function codeBeside(objects: readonly KubeObject[], folder: string): KubeObject[] {
  return objects.flatMap((object) => {
    const { spec, metadata } = object as StreamJob
    const ref = object.kind === 'StreamJob' ? spec.code?.configMapRef : undefined
    if (ref === undefined) return []
    const { name, key = 'job.ts' } = ref
    const given = objects.some((o) => o.kind === 'ConfigMap' && o.metadata.name === name)
    const file = join(folder, key)
    if (given || !existsSync(file)) return []
    const { namespace = DEFAULT_NAMESPACE } = metadata
    const data = { [key]: readFileSync(file, 'utf8') }
    const configMap: KubeObject & { data: object } = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data,
    }
    return [configMap]
  })
}

function filesOf(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new FriendlyError(`${path}: there is no such file or folder`)
  if (!found.isDirectory()) return [path]
  const files = readdirSync(path)
    .filter((name) => YAML_FILE.test(name) && !TEST_FILE.test(name))
    .sort()
  return files.map((name) => join(path, name))
}

function readFile(path: string): KubeObject[] {
  const lineCounter = new LineCounter()
  const documents = parseAllDocuments(readFileSync(path, 'utf8'), { lineCounter })
  return [...documents].flatMap((document) => {
    const [error] = document.errors
    if (error !== undefined) {
      const { line, col } = lineCounter.linePos(error.pos[0])
      throw new FriendlyError(`${path}:${line}:${col}: ${error.message}`)
    }
    const object = document.toJS() as unknown
    const line = lineCounter.linePos(document.range[0]).line
    return object === null ? [] : [asObject(object, `${path}:${line}`)]
  })
}

function asObject(value: unknown, where: string): KubeObject {
  const { apiVersion, kind, metadata } = value as Partial<KubeObject>
  if (
    typeof apiVersion !== 'string' ||
    typeof kind !== 'string' ||
    typeof metadata?.name !== 'string'
  ) {
    throw new FriendlyError(`${where}: a manifest has apiVersion, kind and metadata.name`)
  }
  const namespaced = { ...metadata, namespace: metadata.namespace ?? DEFAULT_NAMESPACE }
  return { ...(value as KubeObject), metadata: namespaced }
}
