import { type Code, type CodeWriter, NotFusable } from './code.ts'
import type { Flow, Made } from './flow.ts'
import { kind } from './kernel.ts'

/** A place where records leave: a selection of them, and how each is written. */
export interface Exit {
  readonly topic: string
  /** The slot that is the new key; undefined for the record's own. */
  readonly key: number | undefined
  /** Fixed text and slots that make up the new value; undefined for the record's own. */
  readonly template: Template | undefined
  /** The slot of the time; undefined for the record's own. */
  readonly time: number | undefined
  /** The slot of the start of the window that the key is written with; undefined for the base key alone. */
  readonly window: number | undefined
  /** The slot of the end of the session that the key is written with. */
  readonly sessionEnd: number | undefined
  /** What is selected is what windows have emitted, not records. */
  readonly isEmitted: boolean
  /** How many ways lead here: as often may one record be selected. */
  readonly ways: number
}

export type Template = readonly (string | number)[]

/** The exits of a program, and the code that selects records for them. */
export class Exits {
  readonly #writer: CodeWriter
  readonly #exits: Exit[] = []

  constructor(writer: CodeWriter) {
    this.#writer = writer
  }

  /** Throws `NotFusable`. */
  all(): readonly Exit[] {
    const topics = this.#exits.map(({ topic }) => topic)
    // Each exit is written by itself: two to one topic would change the order of its records.
    if (new Set(topics).size < topics.length) throw new NotFusable()
    return this.#exits
  }

  /** Here a record leaves for the topic, its key with its window if that is to be. */
  leave(topic: string, flow: Flow, isWindowed = false): void {
    const unwindowed = { ...flow, window: undefined, sessionEnd: undefined }
    const index = this.#exitOf(topic, isWindowed ? flow : unwindowed)
    const place = this.#writer.isEmitting ? 'e' : 'i'
    this.#writer.line(`int32[SELECTION${index} + selected[${index}]++] = ${place}`)
  }

  /** Merged streams share an exit as long as their records are as they came. */
  #exitOf(topic: string, flow: Flow): number {
    const isOwn = flow.key === 'own' && flow.value === 'own' && flow.time === undefined
    const known = this.#exits.findIndex(
      (exit) => isOwn && exit.topic === topic && isUnchanged(exit),
    )
    const shared = this.#exits[known]
    if (shared !== undefined) {
      this.#exits[known] = { ...shared, ways: shared.ways + 1 }
      return known
    }
    const key = flow.key === 'own' ? undefined : this.#keySlot(flow.key)
    const template = flow.value === 'own' ? undefined : this.#template(flow.value)
    const { time, window, sessionEnd } = flow
    const { isEmitting: isEmitted } = this.#writer
    const written = { topic, key, template, time, window, sessionEnd }
    return this.#exits.push({ ...written, isEmitted, ways: 1 }) - 1
  }

  #keySlot(key: Code): number {
    if (this.#writer.isEmitting) throw new NotFusable()
    if (key.type === 'slot') {
      this.#writer.doubtIfUnwritable(key.slot, kind.false)
      return key.slot
    }
    if (key.type !== 'number') throw new NotFusable()
    return this.#numberSlot(key.text)
  }

  #template(value: Exclude<Flow['value'], 'own'>): Template {
    if (value.type === 'projected') return [value.slot]
    if (value.type === 'made') return this.#object(value)
    return [value.slot, `,${JSON.stringify(value.as)}:`, value.other, '}']
  }

  #object({ fields }: Made): Template {
    const pieces: (string | number)[] = ['{']
    for (const [name, code] of fields) {
      pieces.push(`${pieces.length > 1 ? ',' : ''}${JSON.stringify(name)}:`, this.#piece(code))
    }
    return merged([...pieces, '}'])
  }

  #piece(code: Code): string | number {
    switch (code.type) {
      case 'slot':
        // One of the record would be looked for where that is which was emitted.
        if (this.#writer.isEmitting && !this.#writer.isEmitted(code.slot)) throw new NotFusable()
        return code.slot
      case 'constant':
        return JSON.stringify(code.value)
      case 'number':
        return this.#numberSlot(code.text)
      case 'bool':
        return this.#boolSlot(code.text)
    }
  }

  #numberSlot(text: string): number {
    const slot = this.#writer.numberSlot(text)
    this.#writer.line(`${this.#writer.kind(slot)} = ${kind.unwritten}`)
    return slot
  }

  #boolSlot(text: string): number {
    const slot = this.#writer.newSlot()
    this.#writer.line(`${this.#writer.kind(slot)} = ${text} ? ${kind.true} : ${kind.false}`)
    this.#writer.line(`${this.#writer.start(slot)} = ${text} ? TRUE : FALSE`)
    this.#writer.line(`${this.#writer.end(slot)} = ${text} ? TRUE + 4 : FALSE + 5`)
    return slot
  }
}

const isUnchanged = ({ key, template, time }: Exit) =>
  key === undefined && template === undefined && time === undefined

/** Fixed text that follows fixed text becomes one piece. */
function merged(pieces: Template): Template {
  const result: (string | number)[] = []
  for (const piece of pieces) {
    const before = result.at(-1)
    if (typeof piece === 'string' && typeof before === 'string')
      result.splice(-1, 1, before + piece)
    else result.push(piece)
  }
  return result
}
