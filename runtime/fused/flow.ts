import type { Code } from './code.ts'

/** A record on its way: what has become of its key and value. `own` is as it came. */
export interface Flow {
  readonly key: 'own' | Code
  readonly value: 'own' | Made | Projected | Joined
  /** The slot of its time; undefined for the record's own. */
  readonly time?: number
  /** The slot of the start of its window, if it is of one. */
  readonly window?: number | undefined
  /** The slot of the end of its window, if that is a session: the size of others is always the same. */
  readonly sessionEnd?: number | undefined
}

/** An object of fields that the job computes. */
export interface Made {
  readonly type: 'made'
  readonly fields: ReadonlyMap<string, Code>
}

/** The record's own object with other fields; its text is in a slot. */
export interface Projected {
  readonly type: 'projected'
  readonly slot: number
  /** Throws `NotFusable` if there is no field `name` any more. */
  originOf(name: string): Origin
}

/** An object with what a join has added to it as its last field. Its text is in two parts. */
export interface Joined {
  readonly type: 'joined'
  /** The slot of all but the last brace. */
  readonly slot: number
  readonly as: string
  /** The slot of what was added. */
  readonly other: number
  /** Throws `NotFusable` for what is not the record's own. */
  originOf(name: string): Origin
}

/** What a field of a projected object was in the value that came. */
export interface Origin {
  readonly name: string
  /** A record without the field that takes a name may have another that keeps it. */
  readonly isRenamed: boolean
}

/** In the order in which an object keeps them. */
export const madeOf = (fields: readonly (readonly [string, Code])[]): Made => ({
  type: 'made',
  fields: new Map(Object.entries(Object.fromEntries(fields))),
})
