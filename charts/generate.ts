import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { format } from 'prettier'
import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml'

/**
 * What charts carry that is written elsewhere: the table of values in a README comes from the comments of values.yaml,
 * and the millrace chart has a copy of the CRDs, because Helm reads no file outside the chart.
 */
export async function generatedChartFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const path of globSync('charts/*/README.md', { cwd: root })) {
    const values = readFileSync(join(root, dirname(path), 'values.yaml'), 'utf8')
    files.set(path, await withValuesTable(readFileSync(join(root, path), 'utf8'), values))
  }
  for (const path of globSync('crds/*.yaml', { cwd: root })) {
    files.set(join(crdFolder, basename(path)), readFileSync(join(root, path), 'utf8'))
  }
  return files
}

export const crdFolder = 'charts/millrace/files/crds'

export interface Value {
  /** `image.tag` */
  readonly path: string
  readonly default: string
  readonly description: string
}

/** Every value one can set, with the comment above it; a map that is empty by default counts as one value. */
export function valuesOf(yaml: string): readonly Value[] {
  const { contents } = parseDocument(yaml)
  return isMap(contents) ? leaves(contents, '', '') : []
}

/** The comment before a map's first key belongs to that map, by YAML's rules; `inherited` hands it down. */
function leaves(map: YAMLMap, prefix: string, inherited: string): readonly Value[] {
  return map.items.flatMap((pair, index) => {
    const key = scalarOf(pair.key)
    const comment = commentOf(pair) || (index === 0 ? inherited : '')
    const path = `${prefix}${key}`
    if (isMap(pair.value) && pair.value.items.length > 0) {
      return leaves(pair.value, `${path}.`, pair.value.commentBefore?.trim() ?? '')
    }
    return [{ path, default: defaultOf(pair), description: comment }]
  })
}

function commentOf(pair: Pair): string {
  const comment = isScalar(pair.key) ? pair.key.commentBefore : undefined
  return (comment ?? '').replaceAll('\n', ' ').trim()
}

function defaultOf(pair: Pair): string {
  const { value } = pair
  if (isScalar(value)) return JSON.stringify(value.value)
  return JSON.stringify((value as YAMLMap | null)?.toJSON() ?? null)
}

const scalarOf = (node: unknown): string => (isScalar(node) ? String(node.value) : String(node))

const table = /<!-- values -->[^]*<!-- \/values -->/

async function withValuesTable(readme: string, yaml: string): Promise<string> {
  const rows = valuesOf(yaml).map(
    ({ path, default: fallback, description }) =>
      `| \`${path}\` | \`${fallback}\` | ${description} |`,
  )
  const lines = ['| value | default | |', '| --- | --- | --- |', ...rows].join('\n')
  const text = readme.replace(table, () => `<!-- values -->\n\n${lines}\n\n<!-- /values -->`)
  return format(text, { parser: 'markdown' })
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  rmSync(join(root, crdFolder), { recursive: true, force: true })
  mkdirSync(join(root, crdFolder), { recursive: true })
  for (const [path, text] of await generatedChartFiles(root)) writeFileSync(join(root, path), text)
}
