import type { RecordFormat } from '../config.ts'
import type { Child } from './nodes.ts'
import type { RecordHeader, StreamRecord } from './record.ts'
import type { StoreDeclaration, StoreLayout } from './store-spec.ts'

/** A user's processor: code that keeps stores, forwards what it likes, and is called by time as well as by records. */
export interface ProcessNode extends Child {
  readonly kind: 'process'
  /** By the names that the processor has for them; as stores of the job they are named `<node>.<name>`. */
  readonly stores: Readonly<Record<string, StoreSettings>>
  /** Each has a node `<node>.<output>`. Unset: what is forwarded goes to all children. */
  readonly outputs?: readonly string[]
  /** Called once a task, when its stores are restored. */
  readonly create: (context: ProcessorContext) => RecordProcessor
}

/** Layouts that processors may have. */
export type UserLayout = 'key-value' | 'window' | 'session' | 'versioned'

export type StoreSettings = Extract<StoreLayout, { readonly kind: UserLayout }> & {
  readonly format: RecordFormat
  readonly keyFormat: RecordFormat
  readonly changelog: boolean
}

export interface RecordProcessor<R = StreamRecord> {
  /** Returns nothing, at once. What it throws makes the record a bad one: what it put and forwarded is undone. */
  readonly process: (record: R) => void
  /** The task ends here, or goes to another instance. */
  readonly close?: () => void
}

/** What a processor may do. Its functions need no `this`. */
export interface ProcessorContext<
  S = Readonly<Record<string, unknown>>,
  F = (record: Outgoing<unknown>, to?: string) => void,
> {
  /** The stores that it declares, by their names. They may be read at any time, and changed where `forward` works. */
  readonly stores: S
  /** Hands a record on, within `process` and within a punctuator. */
  readonly forward: F
  /**
   * Calls `punctuator` every `interval` (milliseconds, or text such as `10s`) of stream time, first with the next record, or
   * of the wall clock, first when it is over. After a gap it is called once. Returns what ends it.
   */
  readonly schedule: (
    interval: number | string,
    time: PunctuationTime,
    punctuator: Punctuator,
  ) => () => void
  /** The wall clock, in milliseconds since the epoch. */
  readonly now: () => number
  /** The latest event time among the records of the task so far, in milliseconds; -1 before the first. */
  readonly streamTime: () => number
  /** `<sub-topology>_<partition>`. */
  readonly taskId: string
  readonly partition: number
}

export type PunctuationTime = 'stream-time' | 'wall-clock'

/** Gets the time that it is, in milliseconds since the epoch, which may be later than it was due. */
export type Punctuator = (timestamp: number) => void

/** What is not given is as in the record in hand. A punctuator has none: then no key, no headers, and the time that it is. */
export interface Outgoing<V> {
  /** One that differs drops the record's window. */
  readonly key?: unknown
  /** null and undefined are a tombstone. */
  readonly value: V
  /** Event time in milliseconds since the epoch. */
  readonly timestamp?: number
  readonly headers?: readonly RecordHeader[]
}

export const storesOfProcess = ({ name, stores }: ProcessNode): readonly StoreDeclaration[] =>
  Object.entries(stores).map(([part, settings]) => ({
    ...settings,
    name: `${name}.${part}`,
    encoded: true,
  }))
