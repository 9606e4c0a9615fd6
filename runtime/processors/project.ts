import type { Projection, ProjectNode } from '../topology/nodes.ts'
import type { Forward, Processor } from './processor.ts'

type Field = readonly [name: string, value: unknown]

export function projectProcessor({ projection }: ProjectNode, forward: Forward): Processor {
  const project = projectionOf(projection)
  return {
    process(record) {
      const value = record.value ?? null
      if (value === null) return forward(record)
      if (typeof value === 'object' && !Array.isArray(value)) {
        return forward(record.withValue(Object.fromEntries(project(Object.entries(value)))))
      }
      const type = Array.isArray(value) ? 'list' : typeof value
      throw new TypeError(`project needs an object with fields, not a ${type}`)
    },
  }
}

function projectionOf({ keep, drop = [], rename }: Projection): (fields: Field[]) => Field[] {
  if (rename !== undefined) return renaming(new Map(Object.entries(rename)))
  const kept = new Set(keep)
  if (keep !== undefined) return (fields) => fields.filter(([name]) => kept.has(name))
  const dropped = new Set(drop)
  return (fields) => fields.filter(([name]) => !dropped.has(name))
}

/** A field that takes the name of another takes its place, too: the other goes, unless it has a new name itself. */
const renaming = (names: ReadonlyMap<string, string>) => (fields: Field[]) => {
  const taken = new Set(fields.flatMap(([name]) => names.get(name) ?? []))
  return fields
    .filter(([name]) => names.has(name) || !taken.has(name))
    .map(([name, value]): Field => [names.get(name) ?? name, value])
}
