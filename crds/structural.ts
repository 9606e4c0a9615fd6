import { z } from 'zod'

/** A node of an OpenAPI v3 schema that Kubernetes accepts as structural. */
export interface StructuralSchema {
  readonly [keyword: string]: unknown
}

type Json = Record<string, unknown>

/** Keywords that may reach a CRD. Anything else is a zod feature that Kubernetes would refuse or silently ignore. */
const ALLOWED: ReadonlySet<string> = new Set([
  'type',
  'description',
  'default',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'items',
  'properties',
  'additionalProperties',
  'required',
  'format',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
])

const UNBOUNDED = Number.MAX_SAFE_INTEGER

/** zod → structural schema. Throws on what it does not know, so that a lost rule fails the build and not the cluster. */
export function structural(schema: z.ZodType): StructuralSchema {
  const json = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'throw',
  })
  return clean(json, '$')
}

function clean(node: Json, path: string): StructuralSchema {
  const { allOf, ...rest } = node
  const merged = Array.isArray(allOf)
    ? (Object.assign({}, ...(allOf as Json[]), rest) as Json)
    : rest
  const entries = Object.entries(merged).flatMap(([keyword, value]) =>
    cleanKeyword(keyword, value, merged, path),
  )
  return Object.fromEntries(entries)
}

function cleanKeyword(
  keyword: string,
  value: unknown,
  node: Json,
  path: string,
): [string, unknown][] {
  if (isNoise(keyword, value, node)) return []
  if (keyword === 'additionalProperties') return additional(value, node, path)
  if (keyword === 'properties') return [[keyword, mapValues(value as Json, path)]]
  if (keyword === 'items') return [[keyword, clean(value as Json, `${path}[]`)]]
  if (!ALLOWED.has(keyword)) throw new Error(`${path}: a CRD cannot say "${keyword}"`)
  return [[keyword, value]]
}

/** What zod adds and Kubernetes has no use for: limits of JavaScript's integers, the alternatives of int-or-string. */
function isNoise(keyword: string, value: unknown, node: Json): boolean {
  if (keyword === '$schema' || keyword === 'propertyNames') return true
  if (keyword === 'minimum') return value === -UNBOUNDED
  if (keyword === 'maximum') return value === UNBOUNDED
  return node['x-kubernetes-int-or-string'] === true && (keyword === 'type' || keyword === 'anyOf')
}

/** Kubernetes prunes unknown fields by itself, and refuses `additionalProperties` beside `properties`. */
function additional(value: unknown, node: Json, path: string): [string, unknown][] {
  if (node.properties !== undefined || typeof value === 'boolean') return []
  return [['additionalProperties', clean(value as Json, `${path}{}`)]]
}

const mapValues = (properties: Json, path: string): StructuralSchema =>
  Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      clean(schema as Json, `${path}.${name}`),
    ]),
  )
