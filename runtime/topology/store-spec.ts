import type { RecordFormat } from '../config.ts'

/** How a store is laid out; times in milliseconds. */
export type StoreLayout =
  | {
      readonly kind: 'key-value'
      /** Values are objects of these numbers, and nothing else. */
      readonly numbers?: readonly NumberField[]
    }
  /** Values by key and start of window; those that began `retentionMs` or more before stream time are gone. */
  | {
      readonly kind: 'window'
      readonly retentionMs: number
      /** Each `put` adds a value, where it would replace the one of the same key and start. */
      readonly retainDuplicates: boolean
      /** Values are only ever added: none is removed, or replaced by another. */
      readonly appended?: true
      /** Values are objects of these numbers, and nothing else; there are no duplicates then. */
      readonly numbers?: readonly NumberField[]
    }
  /** Values by key, start and end of session; those that ended `retentionMs` or more before stream time are gone. */
  | {
      readonly kind: 'session'
      readonly retentionMs: number
      /** Values are objects of these numbers, and nothing else; and seldom does anybody ask for those of all keys. */
      readonly numbers?: readonly NumberField[]
    }
  /** Values by key and time; those that nobody has seen for `historyMs` before stream time are gone. */
  | { readonly kind: 'versioned'; readonly historyMs: number }
  /** Updates that wait, one a key, by the time from which on they do. */
  | { readonly kind: 'buffer'; readonly countsBytes: boolean }
  /** Records of two streams that no record of the other has met yet, by time, side and key. */
  | {
      readonly kind: 'unmatched'
      /** How values of the right side are written to the changelog, where `format` is that of the left. */
      readonly rightFormat: RecordFormat
    }

/** Of the two streams of a join. */
export type JoinSide = 'left' | 'right'

export const otherOf = (side: JoinSide): JoinSide => (side === 'left' ? 'right' : 'left')

export interface NumberField {
  readonly name: string
  /** Where the field is an object, the numbers in it. */
  readonly members: readonly string[]
  /** What each number is before the first record; null: none yet. */
  readonly initial: number | null
}

/** A store that a node has. */
export type StoreDeclaration = StoreLayout & {
  /** By the user's name for the node, so that another step never renames it. */
  readonly name: string
  /** How values are written to the changelog. */
  readonly format: RecordFormat
  /** How keys are written, where the user chose; unset: as those of the records. */
  readonly keyFormat?: RecordFormat
  /** Values are held in the bytes of their format, so that whoever asks for one gets a copy of its own. */
  readonly encoded?: boolean
  /** False: it is in memory alone, and empty wherever its task starts. */
  readonly changelog?: boolean
}

export type StoreSpec = StoreDeclaration & {
  /** Unset for a store without a changelog. */
  readonly changelogTopic?: string
}

/** As Kafka Streams' windowstore.changelog.additional.retention.ms: clocks of brokers and of events differ. */
const ADDITIONAL_RETENTION_MS = 24 * 60 * 60 * 1000

/** Kafka Streams' configs: the last value of each key is kept, of windows as long as they can still change. */
export function changelogConfig(store: StoreLayout): Readonly<Record<string, string>> {
  const always = { 'message.timestamp.type': 'CreateTime' }
  if (store.kind === 'key-value' || store.kind === 'unmatched' || store.kind === 'buffer')
    return { 'cleanup.policy': 'compact', ...always }
  if (store.kind === 'versioned') {
    // Compaction would take versions that are not the latest, but still asked for.
    const lagMs = store.historyMs + ADDITIONAL_RETENTION_MS
    return { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': String(lagMs), ...always }
  }
  const keepsDuplicates = store.kind === 'window' && store.retainDuplicates
  return {
    'cleanup.policy': keepsDuplicates ? 'delete' : 'compact,delete',
    'retention.ms': String(store.retentionMs + ADDITIONAL_RETENTION_MS),
    ...always,
  }
}
