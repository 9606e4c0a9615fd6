import type { Projection } from './nodes.ts'

type Field<T> = readonly [name: string, value: T]

/** Fields of a value, or whatever else has their names, to those that are left. */
export function projectionOf({
  keep,
  drop = [],
  rename,
}: Projection): <T>(fields: readonly Field<T>[]) => Field<T>[] {
  if (rename !== undefined) return renaming(new Map(Object.entries(rename)))
  const kept = new Set(keep)
  if (keep !== undefined) return (fields) => fields.filter(([name]) => kept.has(name))
  const dropped = new Set(drop)
  return (fields) => fields.filter(([name]) => !dropped.has(name))
}

/** Projects the fields of an object; null stays null. Throws `TypeError` for anything else. */
export function valueProjection(projection: Projection): (value: unknown) => unknown {
  const project = projectionOf(projection)
  return (value = null) => {
    if (value === null) return null
    if (typeof value === 'object' && !Array.isArray(value))
      return Object.fromEntries(project(Object.entries(value)))
    const type = Array.isArray(value) ? 'list' : typeof value
    throw new TypeError(`project needs an object with fields, not a ${type}`)
  }
}

/** A field that takes the name of another takes its place, too: the other goes, unless it has a new name itself. */
const renaming =
  (names: ReadonlyMap<string, string>) =>
  <T>(fields: readonly Field<T>[]) => {
    const taken = new Set(fields.flatMap(([name]) => names.get(name) ?? []))
    return fields
      .filter(([name]) => names.has(name) || !taken.has(name))
      .map(([name, value]): Field<T> => [names.get(name) ?? name, value])
  }
