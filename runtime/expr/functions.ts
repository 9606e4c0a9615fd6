import { RE2JS } from '@bufbuild/re2'
import type { EnvironmentFunction } from './environment.ts'
import { EvaluationFault } from './expression-error.ts'
import { isMap, requireNumber, requireString, typeName } from './values.ts'

type PlainFunction = EnvironmentFunction<unknown>

const of = (
  args: number,
  apply: (...args: readonly unknown[]) => unknown,
  maxArgs = args,
): PlainFunction => ({ minArgs: args, maxArgs, apply: (given) => apply(...given) })

/** Called as `f(x)`, or as `x.f()`: a method's receiver is its first argument. */
export const functions: Readonly<Record<string, PlainFunction>> = {
  size: of(1, size),
  contains: of(2, (a, b) => requireString(a, 'contains').includes(requireString(b, 'contains'))),
  startsWith: of(2, (a, b) =>
    requireString(a, 'startsWith').startsWith(requireString(b, 'startsWith')),
  ),
  endsWith: of(2, (a, b) => requireString(a, 'endsWith').endsWith(requireString(b, 'endsWith'))),
  matches: of(2, (a, b) => pattern(requireString(b, 'matches')).test(requireString(a, 'matches'))),
  lowerAscii: of(1, (a) =>
    requireString(a, 'lowerAscii').replace(/[A-Z]/g, (c) => c.toLowerCase()),
  ),
  upperAscii: of(1, (a) =>
    requireString(a, 'upperAscii').replace(/[a-z]/g, (c) => c.toUpperCase()),
  ),
  trim: of(1, (a) => requireString(a, 'trim').trim()),
  split: of(2, (a, b) => requireString(a, 'split').split(requireString(b, 'split'))),
  join: of(1, join, 2),
  string: of(1, toText),
  int: of(1, (a) => Math.trunc(toNumber(a, 'int'))),
  double: of(1, (a) => toNumber(a, 'double')),
  abs: of(1, (a) => Math.abs(requireNumber(a, 'abs'))),
  floor: of(1, (a) => Math.floor(requireNumber(a, 'floor'))),
  ceil: of(1, (a) => Math.ceil(requireNumber(a, 'ceil'))),
  round: of(1, (a) => roundHalfAway(requireNumber(a, 'round'))),
}

function size(value: unknown): number {
  if (typeof value === 'string') return Array.from(value).length
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length
  if (isMap(value)) return Object.keys(value).length
  throw new EvaluationFault(`size needs a string, a list or a map, not ${typeName(value)}`)
}

function join(list: unknown, separator: unknown = ''): string {
  if (!Array.isArray(list)) throw new EvaluationFault(`join needs a list, not ${typeName(list)}`)
  return list.map((item) => requireString(item, 'join')).join(requireString(separator, 'join'))
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new EvaluationFault(`string(…) needs a string, a number or a bool, not ${typeName(value)}`)
}

function toNumber(value: unknown, name: string): number {
  if (typeof value === 'number') return value
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
  if (Number.isFinite(number)) return number
  throw new EvaluationFault(
    `${name}(…) cannot read ${typeName(value)} ${JSON.stringify(value)} as a number`,
  )
}

const roundHalfAway = (value: number): number => Math.sign(value) * Math.round(Math.abs(value))

/** Patterns are mostly constants; a stream of ever new ones must not grow memory. */
const MAX_PATTERNS = 256
const patterns = new Map<string, RE2JS>()

/** RE2 runs in linear time, so no record can hang a job by its pattern. */
function pattern(source: string): RE2JS {
  const known = patterns.get(source)
  if (known !== undefined) return known
  if (patterns.size >= MAX_PATTERNS) patterns.clear()
  const compiled = compilePattern(source)
  patterns.set(source, compiled)
  return compiled
}

function compilePattern(source: string): RE2JS {
  try {
    return RE2JS.compile(source)
  } catch (error) {
    throw new EvaluationFault(`bad pattern ${JSON.stringify(source)}: ${(error as Error).message}`)
  }
}
