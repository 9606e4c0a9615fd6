import type { Fn, Json } from './case.ts'

/**
 * What a case's user functions do, the very same in `java/…/Functions.java`. Each is written `name:argument`; all are
 * total, and their results stay small however often they are applied.
 */
const TEXT_LENGTH = 24

/** What a user function sees; `key` as text, a windowed one as `key@start`. */
interface Seen {
  readonly key: string | null
  readonly value: Json
}

type Library<F> = Readonly<Record<string, (argument: string) => F>>

const predicates: Library<(seen: Seen) => boolean> = {
  all: () => () => true,
  valueAbove:
    (bound) =>
    ({ value }) =>
      number(value) > Number(bound),
  keyIs:
    (wanted) =>
    ({ key }) =>
      key === wanted,
  isNull:
    () =>
    ({ value }) =>
      value === null,
}

const mappers: Library<(seen: Seen) => Json> = {
  same:
    () =>
    ({ value }) =>
      value,
  add:
    (amount) =>
    ({ value }) =>
      number(value) + Number(amount),
  mod:
    (divisor) =>
    ({ value }) =>
      remainder(value, divisor),
  wrap:
    () =>
    ({ value }) => ({ v: value }),
  withKey:
    () =>
    ({ key, value }) => [key, value],
  tag:
    (mark) =>
    ({ value }) =>
      shortened(text(value) + mark),
  nullIf:
    (divisor) =>
    ({ value }) =>
      remainder(value, divisor) === 0 ? null : value,
}

const expanders: Library<(value: Json) => Json[]> = {
  repeat: (times) => (value) => numbered(Number(times), value),
  upTo: (most) => (value) => numbered(Math.abs(number(value)) % (Number(most) + 1), value),
}

const selectors: Library<(seen: Seen) => string | null> = {
  same:
    () =>
    ({ key }) =>
      key,
  constant: (key) => () => key,
  valueMod:
    (divisor) =>
    ({ value }) =>
      `k${remainder(value, divisor)}`,
  field:
    (name) =>
    ({ value }) =>
      fieldOf(value, name),
  nullIf:
    (divisor) =>
    ({ key, value }) =>
      remainder(value, divisor) === 0 ? null : key,
}

const joiners: Library<(left: Json, right: Json) => Json> = {
  pair: () => (left, right) => [left, right],
  sum: () => (left, right) => number(left) + number(right),
  nullIf: (divisor) => (left, right) =>
    remainder(number(left) + number(right), divisor) === 0 ? null : [left, right],
}

const reducers: Library<(soFar: Json, value: Json) => Json> = {
  sum: () => (soFar, value) => number(soFar) + number(value),
  minus: () => (soFar, value) => number(soFar) - number(value),
  first: () => (soFar) => soFar,
  last: () => (_, value) => value,
  concat: () => (soFar, value) => shortened(`${text(soFar)}+${text(value)}`),
  without: () => (soFar, value) => shortened(`${text(soFar)}-${text(value)}`),
  nullIf: (divisor) => (soFar, value) => {
    const sum = number(soFar) + number(value)
    return remainder(sum, divisor) === 0 ? null : sum
  },
}

export const predicate = from(predicates, 'predicate')
export const mapper = from(mappers, 'mapper')
export const expander = from(expanders, 'expander')
export const selector = from(selectors, 'key selector')
export const joiner = from(joiners, 'joiner')
/** Aggregators are reducers with a state to begin with. */
export const reducer = from(reducers, 'reducer')

export const initialOf = (aggregator: Fn): Json =>
  ['concat', 'without'].includes(nameOf(aggregator)) ? '' : 0

function from<F>(library: Library<F>, what: string): (written: Fn) => F {
  return (written) => {
    const make = library[nameOf(written)]
    if (make === undefined) throw new Error(`no ${what} is called ${written}`)
    return make(written.slice(nameOf(written).length + 1))
  }
}

const nameOf = (written: Fn): string => written.split(':', 1)[0] ?? ''

/** Every value has one: of a text its length, of a list or an object the sum of what is in it. */
function number(value: Json): number {
  if (value === null) return 0
  if (typeof value === 'number') return value
  if (typeof value === 'string') return value.length
  return Object.values(value).reduce<number>((sum, item: Json) => sum + number(item), 0)
}

/** Never -0, which JSON does not know. */
const remainder = (value: Json, divisor: string): number => (number(value) % Number(divisor)) + 0

const text = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

const shortened = (whole: string): string => whole.slice(-TEXT_LENGTH)

const numbered = (count: number, value: Json): Json[] =>
  Array.from({ length: count }, (_, index) => [index, value])

function fieldOf(value: Json, name: string): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const field = (value as { readonly [name: string]: Json })[name] ?? null
  return field === null ? null : text(field)
}
