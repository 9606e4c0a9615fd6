import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { tryCommand } from '../support/command.ts'
import { helmBinary, helmEnv } from './helm.ts'
import type { Rendered } from './rendered.ts'

export const charts = ['zookeeper', 'kafka', 'millrace'] as const
export type ChartName = (typeof charts)[number]

const root = join(import.meta.dirname, '..', '..')
const env = helmEnv()

export function chartFolder(chart: ChartName): string {
  return join(root, 'charts', chart)
}

/** Runs helm with the values in a file, and returns what it printed whatever its exit code. */
export async function helm(args: readonly string[], values: object = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-values-'))
  const file = join(scratch, 'values.json')
  writeFileSync(file, JSON.stringify(values))
  try {
    const binary = await helmBinary({ log: console.log })
    return await tryCommand([binary, ...args, '--values', file, '--kube-version', '1.34.0'], {
      env,
    })
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** `helm template` as release `<chart>` in namespace `flows`. */
export async function render(
  chart: ChartName,
  values: object = {},
  extra: readonly string[] = [],
): Promise<readonly Rendered[]> {
  const { code, stdout, stderr } = await template(chart, values, extra)
  if (code !== 0) throw new Error(stderr)
  return parseAllDocuments(stdout)
    .map((document) => document.toJSON() as Rendered | null)
    .filter((object) => object !== null)
}

/** What `helm install` would print at its end; helm itself shows that only with a cluster at hand. */
export async function notes(chart: ChartName, values: object = {}): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-chart-'))
  try {
    cpSync(chartFolder(chart), scratch, { recursive: true })
    cpSync(join(scratch, 'templates', 'NOTES.txt'), join(scratch, 'NOTES.txt'))
    writeFileSync(
      join(scratch, 'templates', 'notes.yaml'),
      'notes: {{ tpl (.Files.Get "NOTES.txt") . | toJson }}',
    )
    const show = ['--show-only', 'templates/notes.yaml', '--namespace', 'flows']
    const { stdout, stderr } = await helm(['template', chart, scratch, ...show], values)
    if (stdout === '') throw new Error(stderr)
    return (parse(stdout) as { notes: string }).notes
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** The message by which helm refuses these values. */
export async function refusal(chart: ChartName, values: object): Promise<string> {
  const { code, stderr } = await template(chart, values, [])
  if (code === 0) throw new Error(`helm accepted ${JSON.stringify(values)}`)
  return stderr
}

function template(chart: ChartName, values: object, extra: readonly string[]) {
  return helm(['template', chart, chartFolder(chart), '--namespace', 'flows', ...extra], values)
}
