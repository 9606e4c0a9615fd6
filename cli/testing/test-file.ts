import { readFileSync } from 'node:fs'
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { hint } from '../../runtime/platform/did-you-mean.ts'
import { FriendlyError } from '../friendly-error.ts'
import { fieldsOf, type JobTest, testFileSchema } from './test-schema.ts'

export type Path = readonly PropertyKey[]

export interface TestFile {
  readonly job: string
  readonly tests: readonly JobTest[]
  /** `file:line:column` of what lies at a path, or of what is there of it. */
  readonly placeOf: (path: Path) => string
}

/** Throws `FriendlyError` with the place of every fault. */
export function readTestFile(file: string): TestFile {
  const lines = new LineCounter()
  const document = parseDocument(readText(file), { lineCounter: lines })
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const [error] = document.errors
  if (error !== undefined) throw new FriendlyError(`${placeAt(error.pos[0])}: ${error.message}`)
  const placeOf = (path: Path) => placeAt(offsetOf(document, path))
  const parsed = testFileSchema.safeParse(document.toJS())
  if (parsed.success) return { ...parsed.data, placeOf }
  const faults = parsed.error.issues.flatMap(faultsOf)
  throw new FriendlyError(
    faults.map(({ path, message }) => `${placeOf(path)}: ${message}`).join('\n'),
  )
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new FriendlyError(`${file}: ${(error as Error).message}`)
  }
}

interface Fault {
  readonly path: Path
  readonly message: string
}

type Issue = z.core.$ZodIssue

function faultsOf(issue: Issue): readonly Fault[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `there is no field ${key} here.${hint(key, Object.values(fieldsOf).flat())}`,
    }))
  }
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((issues) => issues.every(({ path: inner }) => inner.length > 0))
    if (meant !== undefined)
      return meant.flatMap((inner) => faultsOf({ ...inner, path: [...path, ...inner.path] }))
    return [{ path, message: `${fieldText(path)}: write a list, or anyOrder with a list` }]
  }
  return [{ path, message: `${fieldText(path)}: ${issue.message}` }]
}

const fieldText = (path: Path): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '') || 'the file'

/** Where the key of a path is written, or its element of a list. */
function offsetOf(document: Document, path: Path): number {
  for (let depth = path.length; depth > 0; depth--) {
    const found = nodeAt(document, path.slice(0, depth))
    if (isNode(found) && found.range != null) return found.range[0]
  }
  return document.contents?.range?.[0] ?? 0
}

function nodeAt(document: Document, path: Path): unknown {
  const last = path.at(-1)
  const parent = document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return document.getIn(path, true)
  return parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))?.key
}
