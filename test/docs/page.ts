import { globSync, readFileSync } from 'node:fs'

/** A Markdown file, as far as the tests look at it. Lines count from 1. */
export interface Page {
  readonly file: string
  readonly headings: readonly string[]
  readonly fences: readonly Fence[]
  readonly tables: readonly Table[]
  /** Targets of links, as written. */
  readonly links: readonly string[]
  /** Inline code. */
  readonly spans: readonly string[]
}

export interface Fence {
  readonly file: string
  readonly line: number
  readonly language: string
  readonly text: string
}

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Everything that people read. */
export const pages: readonly Page[] = globSync([
  '*.md',
  'docs/**/*.md',
  'charts/*/README.md',
  'pulumi/README.md',
]).map(readPage)

export function pageOf(file: string): Page {
  const page = pages.find((candidate) => candidate.file === file)
  if (page === undefined) throw new Error(`there is no page ${file}`)
  return page
}

/** Rows of the page's one table that has these columns, as objects. */
export function rowsOf<C extends string>(
  { file, tables }: Page,
  ...columns: readonly C[]
): readonly Readonly<Record<C, string>>[] {
  const table = tables.find((candidate) => candidate.columns.join() === columns.join())
  if (table === undefined) throw new Error(`${file} has no table with columns ${columns.join()}`)
  return table.rows.map(
    (row) =>
      Object.fromEntries(columns.map((column, i) => [column, row[i] ?? ''])) as Record<C, string>,
  )
}

/** What the inline code of a text says. */
export function spansOf(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '')
}

export function readPage(file: string): Page {
  const fences: Fence[] = []
  const prose: string[] = []
  let open: { language: string; line: number; lines: string[] } | undefined
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    const [, language] = /^ {0,3}```(.*)$/.exec(line) ?? []
    if (open !== undefined && language === '') {
      fences.push({ file, ...open, text: open.lines.join('\n') })
      open = undefined
    } else if (open !== undefined) open.lines.push(line)
    else if (language !== undefined) open = { language, line: index + 1, lines: [] }
    else prose.push(line)
  }
  const text = prose.join('\n')
  const unquoted = text.replaceAll(/`[^`]*`/g, '')
  return {
    file,
    headings: prose.flatMap((line) => /^#{1,6} (.*)$/.exec(line)?.[1] ?? []),
    fences,
    tables: tablesIn(prose),
    links: [...unquoted.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? ''),
    spans: spansOf(text),
  }
}

function tablesIn(lines: readonly string[]): Table[] {
  const tables: { columns: string[]; rows: string[][] }[] = []
  let open: { columns: string[]; rows: string[][] } | undefined
  for (const line of lines) {
    if (!line.startsWith('|')) open = undefined
    else if (open === undefined) tables.push((open = { columns: cellsOf(line), rows: [] }))
    else if (!/^\|[ :|-]+$/.test(line)) open.rows.push(cellsOf(line))
  }
  return tables
}

function cellsOf(line: string): string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1)
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'))
}
