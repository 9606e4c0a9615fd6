/** A value as both sides read and write it: whole numbers, short texts, lists and objects of them; null is a tombstone. */
export type Json = null | number | string | readonly Json[] | { readonly [name: string]: Json }

/**
 * A topology and what goes into it. Both sides build the topology, give it the records one at a time and must answer
 * alike. A case is JSON: what a run has found is a file that `--replay` runs.
 */
export interface Case {
  /** What it shows, as a sentence; of a random one, its seed. */
  readonly name: string
  readonly ops: readonly Op[]
  readonly inputs: readonly CaseRecord[]
}

export interface CaseRecord {
  readonly topic: string
  readonly key: string | null
  readonly value: Json
  /** Milliseconds since the epoch; none is negative. */
  readonly ts: number
}

/** A user's function by its name in `functions.ts`, with its argument after a colon. */
export type Fn = string

export type Kind = 'inner' | 'left' | 'outer'

export type Window =
  | { readonly type: 'tumbling'; readonly size: number; readonly grace: number }
  | {
      readonly type: 'hopping'
      readonly size: number
      readonly advance: number
      readonly grace: number
    }
  | { readonly type: 'sliding'; readonly difference: number; readonly grace: number }
  | { readonly type: 'session'; readonly gap: number; readonly grace: number }

/** One call of the DSL of Kafka Streams. `name` names its result, and its store and its internal topic, if it has any. */
export type Op =
  Source | Transformation | Split | Grouping | WindowedBy | Aggregation | Suppression | Join | Sink

interface Named<K extends string> {
  readonly op: K
  readonly name: string
}

/** `from`: the operation whose result this takes. */
interface Step<K extends string> extends Named<K> {
  readonly from: string
}

/** Keeps the table in a store of its own. */
interface Kept {
  readonly store?: true
}

export type Source =
  | (Named<'stream' | 'globalTable'> & { readonly topic: string })
  | (Named<'table'> & {
      readonly topic: string
      /** Knows what it had so long ago; no store of it is shown, and it is slow, for Kafka Streams has it on disk only. */
      readonly history?: number
    })

export type Transformation =
  | (Step<'filter' | 'filterNot'> & Kept & { readonly where: Fn })
  | (Step<'mapValues'> & Kept & { readonly value: Fn })
  | (Step<'map'> & { readonly key: Fn; readonly value: Fn })
  | (Step<'flatMap'> & { readonly key: Fn; readonly expand: Fn })
  | (Step<'flatMapValues'> & { readonly expand: Fn })
  | (Step<'selectKey'> & { readonly key: Fn })
  | (Step<'merge'> & { readonly other: string })
  | Step<'repartition' | 'toTable' | 'toStream'>

/** Its results are named `<name>.<branch>`. */
export type Split = Step<'split'> & {
  readonly branches: readonly { readonly name: string; readonly where: Fn }[]
  readonly otherwise?: string
}

export type Grouping = Step<'groupByKey'> | (Step<'groupBy'> & { readonly key: Fn })

export type WindowedBy = Step<'windowedBy'> & {
  readonly window: Window
  /** Unset: every update is emitted. */
  readonly emit?: 'close'
}

/** `subtract` where a table is grouped, `merge` of aggregate where sessions are. */
export type Aggregation =
  | Step<'count'>
  | (Step<'reduce'> & { readonly add: Fn; readonly subtract?: Fn })
  | (Step<'aggregate'> & { readonly add: Fn; readonly subtract?: Fn; readonly merge?: Fn })

export type Suppression =
  | (Step<'suppress'> & { readonly until: 'windowClose' })
  | (Step<'suppress'> & {
      readonly until: 'timeLimit'
      readonly ms: number
      /** Emits the earliest once there are more. */
      readonly maxRecords?: number
    })

export type Join =
  | (Joining<'join', Kind> & {
      readonly before: number
      readonly after: number
      readonly grace: number
    })
  | (Joining<'joinTable', 'inner' | 'left'> & {
      /** For how long a record waits for late updates of a table with history. */
      readonly grace?: number
    })
  /** `key`: of the record in the table. */
  | (Joining<'joinGlobal', 'inner' | 'left'> & { readonly key: Fn })
  | (Joining<'joinTables', Kind> & Kept)
  /** `key`: of the record of `other` that the value refers to. */
  | (Joining<'joinForeign', 'inner' | 'left'> & Kept & { readonly key: Fn })

type Joining<N extends string, K extends Kind> = Step<N> & {
  readonly other: string
  readonly kind: K
  readonly joiner: Fn
}

export type Sink = Step<'to'> & { readonly topic: string }
