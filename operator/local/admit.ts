import type { z } from 'zod'
import { streamJobSchema, topicSchema } from '../../crds/index.ts'
import { Invalid } from '../errors.ts'
import type { KubeObject } from '../kube/kube.ts'

const schemas: Readonly<Record<string, z.ZodType>> = {
  StreamJob: streamJobSchema,
  Topic: topicSchema,
}

/** Defaults and checks of the CRDs, by the schemas they are made from. Throws `Invalid` with every fault on its own line. */
export function admit(object: KubeObject): KubeObject {
  const schema = schemas[object.kind]
  if (schema === undefined) return object
  const parsed = schema.safeParse(object)
  if (parsed.success) return parsed.data as KubeObject
  const { kind, metadata } = object
  const faults = parsed.error.issues.map(({ path, message }) => `  ${pathText(path)}: ${message}`)
  throw new Invalid(`${kind} "${metadata.name}" is not valid:\n${faults.join('\n')}`)
}

const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .slice(1)
