import type { SubTopologySource } from '../topology/sub-topologies.ts'
import { type Code, type CodeWriter, KEY_SLOT, NotFusable } from './code.ts'
import type { Scope } from './expression-code.ts'
import type { FieldTree } from './field-tree.ts'
import type { Flow, Made } from './flow.ts'
import { kind } from './kernel.ts'

/** What expressions may read of a record on its way, and what of the records behind a source is read at all. */
export class Scopes {
  readonly #writer: CodeWriter
  readonly #fields: FieldTree
  readonly #source: SubTopologySource
  #readsKey = false
  #readsValue = false

  constructor(writer: CodeWriter, fields: FieldTree, source: SubTopologySource) {
    this.#writer = writer
    this.#fields = fields
    this.#source = source
  }

  get readsKey(): boolean {
    return this.#readsKey
  }

  get readsValue(): boolean {
    return this.#readsValue
  }

  /** What is no value at all, or none in the source's format, is in doubt. */
  requireValue(): void {
    if (this.#source.format !== 'Json') throw new NotFusable()
    this.#readsValue = true
  }

  at({ key, value, time }: Flow): Scope {
    return {
      timestamp: () => (time === undefined ? 'float64[TIMESTAMPS + i]' : this.#writer.number(time)),
      field: (path) =>
        isMade(value) ? madeField(value, path) : this.#ownField(originOf(value, path).path),
      hasField: (path) => (isMade(value) ? hasMade(value, path) : this.#hasField(value, path)),
      key: () => (key === 'own' ? this.#ownKey() : key),
    }
  }

  #ownField(path: readonly string[]): Code {
    return { type: 'slot', slot: last(this.#slotsOf(path)) }
  }

  #hasField(value: Exclude<Flow['value'], Made>, path: readonly string[]): Code {
    const origin = originOf(value, path)
    const slots = this.#slotsOf(origin.path)
    if (origin.isRenamed) {
      this.#writer.doubtIf(`${this.#writer.kind(slots[0] ?? 0)} === ${kind.absent}`)
    }
    for (const parent of slots.slice(0, -1)) {
      this.#writer.doubtIf(`${this.#writer.kind(parent)} !== ${kind.object}`)
    }
    return { type: 'bool', text: `${this.#writer.kind(last(slots))} !== ${kind.absent}` }
  }

  #slotsOf(path: readonly string[]): readonly number[] {
    this.requireValue()
    return this.#fields.slotsOf(path)
  }

  #ownKey(): Code {
    if (this.#source.keyFormat !== 'String') throw new NotFusable()
    this.#readsKey = true
    // Not plain text: perhaps not even text, which the interpreter must say.
    this.#writer.doubtIf(`${this.#writer.kind(KEY_SLOT)} > ${kind.string}`)
    return { type: 'slot', slot: KEY_SLOT }
  }
}

const isMade = (value: Flow['value']): value is Made => value !== 'own' && value.type === 'made'

function originOf(value: Exclude<Flow['value'], Made>, path: readonly string[]) {
  const [name, ...rest] = path
  if (value === 'own' || name === undefined) return { path, isRenamed: false }
  const { name: own, isRenamed } = value.originOf(name)
  return { path: [own, ...rest], isRenamed }
}

function madeField({ fields }: Made, [name, ...rest]: readonly string[]): Code {
  const code = name === undefined || rest.length > 0 ? undefined : fields.get(name)
  if (code === undefined) throw new NotFusable()
  return code
}

function hasMade({ fields }: Made, [name, ...rest]: readonly string[]): Code {
  if (name === undefined || rest.length > 0) throw new NotFusable()
  return { type: 'constant', value: fields.has(name) }
}

function last<T>(items: readonly T[]): T {
  const item = items.at(-1)
  if (item === undefined) throw new NotFusable()
  return item
}
