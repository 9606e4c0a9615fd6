import type { Json } from './case.ts'

/** What one side made of a case. */
export interface Outcome {
  /** One for each input; after an error, up to the one that it came with. */
  readonly steps: readonly StepOutcome[]
  /** Entries by store, in the order of their keys; unset after an error. Compared are those that both sides show. */
  readonly stores?: Readonly<Record<string, readonly Entry[]>>
  /** Names of the repartition topics that were written, without the application's. */
  readonly repartitions?: readonly string[]
  /** Records that the topology has dropped, late ones and those that a step cannot take; unset where nobody counts. */
  readonly dropped?: number
  readonly error?: {
    /** The input that it came with; -1 for a topology that cannot be. */
    readonly at: number
    readonly message: string
  }
}

/** What one input led to, by topic and by store; in order. A topic or a store without any is not there. */
export interface StepOutcome {
  readonly outputs: Readonly<Record<string, readonly Entry[]>>
  readonly changelogs: Readonly<Record<string, readonly Entry[]>>
}

export interface Entry {
  readonly key: Key
  readonly value: Json
  readonly ts: number
}

/** A key with a window is shown with the window's bounds. */
export type Key =
  string | null | { readonly key: string; readonly start: number; readonly end: number }
