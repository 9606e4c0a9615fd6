import { conditionDocs } from './conditions.ts'
import { API_VERSION, customResourceDefinition, type Kind } from './definition.ts'

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly required?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly 'x-kubernetes-validations'?: readonly { readonly message: string }[]
}

/** The reference page of one kind: every field, with what the API server checks. */
export function referencePage(kind: Kind): string {
  const [version] = customResourceDefinition(kind).spec.versions
  const schema = version?.schema.openAPIV3Schema as unknown as Schema
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, part]) => rowsOf(name, part))
  const rules = rulesOf('', schema)
  return [
    `# ${kind.kind}`,
    '',
    `${kind.description} \`${API_VERSION}\`, short name \`${kind.shortName}\`. Generated from \`crds/\`.`,
    '',
    '| field | type | default | description |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    '## Rules',
    '',
    ...rules.map(([path, message]) => `- \`${path || kind.kind}\`: ${message}`),
    '',
  ].join('\n')
}

function rowsOf(path: string, schema: Schema): string[] {
  const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``
  const row = `| \`${path}\` | ${typeOf(schema)} | ${fallback} | ${(schema.description ?? '').replaceAll('|', '\\|')} |`
  return [row, ...childrenOf(path, schema).flatMap(([name, child]) => rowsOf(name, child))]
}

function childrenOf(path: string, { properties, items }: Schema): [string, Schema][] {
  const below = Object.entries(properties ?? {}).map(([name, child]): [string, Schema] => [
    `${path}.${name}`,
    child,
  ])
  return items?.properties === undefined ? below : childrenOf(`${path}[]`, items)
}

function typeOf({
  type,
  enum: values,
  items,
  additionalProperties,
  minimum,
  maximum,
}: Schema): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(' ')
  if (type === 'array') return `list of ${items === undefined ? 'any' : typeOf(items)}`
  if (additionalProperties !== undefined) return `map of ${typeOf(additionalProperties)}`
  if (type === 'integer' && minimum !== undefined) return `integer ${minimum}–${maximum ?? ''}`
  return type ?? 'integer or string'
}

function rulesOf(path: string, schema: Schema): [string, string][] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ message }): [string, string] => [
    path,
    message,
  ])
  const children = [
    ...Object.entries(schema.properties ?? {}).map(([name, child]): [string, Schema] => [
      path === '' ? name : `${path}.${name}`,
      child,
    ]),
    ...(schema.items === undefined ? [] : [[`${path}[]`, schema.items] as [string, Schema]]),
  ]
  return [...own, ...children.flatMap(([name, child]) => rulesOf(name, child))]
}

export function conditionsPage(): string {
  return [
    '# Conditions',
    '',
    'Every condition type and reason that `status.conditions` may hold. Generated from `crds/conditions.ts`.',
    ...Object.entries(conditionDocs).flatMap(([type, { meaning, reasons }]) => [
      '',
      `## ${type}`,
      '',
      meaning,
      '',
      '| reason | meaning |',
      '| --- | --- |',
      ...Object.entries(reasons).map(([reason, text]) => `| \`${reason}\` | ${text} |`),
    ]),
    '',
  ].join('\n')
}
