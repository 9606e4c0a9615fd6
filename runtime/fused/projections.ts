import type { Projection } from '../topology/nodes.ts'
import { type CodeWriter, NotFusable, type ProjectedFields } from './code.ts'
import type { Projected } from './flow.ts'
import type { Kernel } from './kernel.ts'

/** Code that projects a record's own value, or one that is projected already. Throws `NotFusable`. */
export function projected(
  writer: CodeWriter,
  before: 'own' | Projected,
  projection: Projection,
): Projected {
  return rewritten(writer, before, fieldsOf(projection))
}

/** All of it as `JSON.stringify` would write it; in doubt where it has the field `refused`. Throws `NotFusable`. */
export function whole(writer: CodeWriter, before: 'own' | Projected, refused?: string): Projected {
  const fields = { othersStay: true, named: new Map<string, string>() }
  return rewritten(writer, before, refused === undefined ? fields : { ...fields, refused })
}

function rewritten(
  writer: CodeWriter,
  before: 'own' | Projected,
  fields: ProjectedFields,
): Projected {
  const slot = writer.newSlot()
  const from = before === 'own' ? -1 : writer.place(before.slot)
  const into = `${writer.projection(fields)}, ${writer.place(slot)}`
  writer.doubtIf(`projectValue(i, ${from}, ${into}) === 0`)
  const origins = new Map([...fields.named].map(([name, newName]) => [newName, name]))
  return {
    type: 'projected',
    slot,
    originOf: (name) => {
      const origin = origins.get(name) ?? (staysAsItIs(fields, name) ? name : undefined)
      if (origin === undefined) throw new NotFusable()
      const isRenamed = origin !== name
      if (before === 'own') return { name: origin, isRenamed }
      const first = before.originOf(origin)
      return { name: first.name, isRenamed: isRenamed || first.isRenamed }
    },
  }
}

const staysAsItIs = ({ othersStay, named }: ProjectedFields, name: string): boolean =>
  othersStay && !named.has(name)

function fieldsOf({ keep, drop = [], rename }: Projection): ProjectedFields {
  const named = new Map<string, string | undefined>(
    rename !== undefined
      ? Object.entries(rename)
      : keep !== undefined
        ? keep.map((name) => [name, name])
        : drop.map((name) => [name, undefined]),
  )
  if ([...named].flat().some((name) => name !== undefined && isOdd(name))) throw new NotFusable()
  return { othersStay: keep === undefined, named }
}

/** JavaScript puts names of digits before all others, and UTF-8 has no half of a pair. */
export const isOdd = (name: string): boolean => /^\d+$/.test(name) || !name.isWellFormed()

/** Returns its address. */
export function placeProjection(
  kernel: Kernel,
  { othersStay, named, refused }: ProjectedFields,
): number {
  const fields = [...named].map(([name, newName]) => [
    ...placeText(kernel, name),
    ...(newName === undefined ? GOES : placeText(kernel, label(newName))),
  ])
  if (refused !== undefined) fields.push([...placeText(kernel, refused), ...REFUSED])
  return kernel.placeInt32([othersStay ? 1 : 0, fields.length, ...fields.flat()])
}

/** In the place of a new name. */
const GOES = [0, 0]
const REFUSED = [0, -1]

function placeText(kernel: Kernel, text: string): readonly [address: number, length: number] {
  const bytes = Buffer.from(text, 'utf8')
  return [kernel.place(bytes), bytes.length]
}

/** By how many bytes a value may grow. */
export function growthOf({ named }: ProjectedFields): number {
  const grown = [...named.values()].map((newName) =>
    newName === undefined ? 0 : Buffer.byteLength(label(newName)),
  )
  return grown.reduce((sum, bytes) => sum + bytes, 0)
}

const label = (name: string): string => `${JSON.stringify(name)}:`
