import { hint } from '../platform/did-you-mean.ts'
import { EvaluationFault } from './expression-error.ts'
import {
  compare,
  equals,
  finite,
  hasKey,
  isMap,
  requireBool,
  requireNumber,
  typeName,
} from './values.ts'

/** CEL's operators under the names its parser gives them. Those that need not evaluate all operands are in `compile.ts`. */
export const operators: Readonly<Record<string, (...operands: readonly unknown[]) => unknown>> = {
  '_==_': equals,
  '_!=_': (a, b) => !equals(a, b),
  '_<_': (a, b) => compare(a, b) < 0,
  '_<=_': (a, b) => compare(a, b) <= 0,
  '_>_': (a, b) => compare(a, b) > 0,
  '_>=_': (a, b) => compare(a, b) >= 0,
  '_+_': add,
  '_-_': (a, b) => finite(requireNumber(a, '-') - requireNumber(b, '-')),
  '_*_': (a, b) => finite(requireNumber(a, '*') * requireNumber(b, '*')),
  '_/_': (a, b) => finite(requireNumber(a, '/') / nonZero(b, '/')),
  '_%_': (a, b) => requireNumber(a, '%') % nonZero(b, '%'),
  '-_': (a) => -requireNumber(a, '-'),
  '!_': (a) => !requireBool(a, '!'),
  '@in': contains,
  '_[_]': index,
}

function add(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') return finite(a + b)
  if (typeof a === 'string' && typeof b === 'string') return a + b
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])]
  throw new EvaluationFault(
    `cannot add ${typeName(a)} and ${typeName(b)}: write string(…) or double(…) around one of them`,
  )
}

/** A JSON user expects 7 / 2 to be 3.5; what has no number as its answer is a fault, never Infinity. */
function nonZero(value: unknown, operator: string): number {
  const divisor = requireNumber(value, operator)
  if (divisor === 0) throw new EvaluationFault('division by zero')
  return divisor
}

function contains(item: unknown, container: unknown): boolean {
  if (Array.isArray(container)) return container.some((element) => equals(element, item))
  if (isMap(container)) return typeof item === 'string' && hasKey(container, item)
  throw new EvaluationFault(`"in" needs a list or a map, not ${typeName(container)}`)
}

function index(container: unknown, at: unknown): unknown {
  if (isMap(container) && typeof at === 'string') return field(container, at)
  if (Array.isArray(container) && typeof at === 'number') {
    if (Number.isInteger(at) && at >= 0 && at < container.length) return container[at] as unknown
    throw new EvaluationFault(`index ${at} is outside the list of ${container.length}`)
  }
  throw new EvaluationFault(`cannot index ${typeName(container)} with ${typeName(at)}`)
}

/** `container.name`. A missing field is a fault, as in CEL: silence would thin a stream unseen. */
export function field(container: unknown, name: string): unknown {
  if (!isMap(container)) {
    throw new EvaluationFault(`cannot read field "${name}" of ${typeName(container)}`)
  }
  if (hasKey(container, name)) return container[name]
  throw new EvaluationFault(
    `there is no field "${name}"; test it with has(…).${hint(name, Object.keys(container))}`,
  )
}
