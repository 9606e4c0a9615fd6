import type { BrokerAdmin, FetchedPartition, PartitionOffset } from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import { keyAt, type RecordBatch, valueAt } from '../broker/record-batch.ts'
import { StateLoss } from '../errors.ts'
import type { StateStore } from '../state/store.ts'
import type { Changelog } from './changelog.ts'
import type { Snapshots } from './snapshots.ts'
import type { ChangelogRange } from './usable-snapshot.ts'

/** Whose stores are filled from changelogs: a task that begins, or a standby. */
export interface Restorable {
  readonly changelogs: readonly Changelog[]
  /** Stream time is not before this. */
  restoreTime(timestamp: number): void
}

export interface ReadingOptions {
  readonly admin: Pick<BrokerAdmin, 'listOffsets'>
  /** Unset: there are none. */
  readonly snapshots?: Snapshots | undefined
  /** True ends it early. */
  readonly isInterrupted: () => boolean
  /** Entries of snapshots are in the stores. */
  readonly onLoaded?: ((entries: number) => void) | undefined
}

/** A changelog whose store has all before its position. */
export interface Reading<R extends Restorable> {
  readonly of: R
  readonly changelog: Changelog
  /** Where to go on. */
  readonly from: PartitionOffset
  /** Where the changelog ended when reading began. */
  readonly end: number
}

/**
 * Brings stores to where their changelogs can be read on: as they are if they were filled before, else from their snapshots,
 * else empty. undefined when it was interrupted.
 */
export async function beginReading<R extends Restorable>(
  restorables: readonly R[],
  options: ReadingOptions,
): Promise<readonly Reading<R>[] | undefined> {
  const { admin, isInterrupted } = options
  const all = restorables.flatMap((of) => of.changelogs.map((changelog) => ({ of, changelog })))
  if (all.length === 0) return []
  const places = all.map(({ changelog: { topic, partition } }) => ({ topic, partition }))
  const starts = byPartition(await admin.listOffsets(places, 'earliest'))
  const ends = byPartition(await admin.listOffsets(places, 'highWatermark'))
  const readings: Reading<R>[] = []
  for (const { of, changelog } of all) {
    const start = starts.get(partitionKey(changelog))
    const end = ends.get(partitionKey(changelog))?.offset
    if (start === undefined || end === undefined) continue
    const range = { ...start, start: start.offset, end }
    if (isInterrupted()) return undefined
    await fill(of, changelog, { ...options, range })
    if (isInterrupted()) return undefined
    const from = { ...start, offset: changelog.position ?? start.offset }
    readings.push({ of, changelog, from, end })
  }
  return readings
}

/**
 * Puts what was read of a changelog into its store; returns how many records that were. Throws `StateLoss` where the store cannot
 * make anything of one.
 */
export function applyRead(
  { of, changelog }: Pick<Reading<Restorable>, 'of' | 'changelog'>,
  { batches }: FetchedPartition,
): number {
  let count = 0
  for (const batch of batches) {
    restore(changelog, batch)
    of.restoreTime(batch.maxTimestamp)
    count += batch.recordCount
    batch.release()
  }
  return count
}

function restore({ store, topic }: Changelog, batch: RecordBatch): void {
  try {
    if (store.restoreBatch === undefined) restoreEach(store, batch)
    else store.restoreBatch(batch)
  } catch (cause) {
    throw new StateLoss(store.name, topic, { cause })
  }
}

function restoreEach(store: StateStore, batch: RecordBatch): void {
  const columns = batch.lendColumns()
  for (let index = 0; index < columns.count; index++) {
    const key = keyAt(columns, index)
    const timestamp = batch.timestamp(columns, index)
    if (key !== null) store.restore({ key, value: valueAt(columns, index), timestamp })
  }
}

/** False where the changelog is not the one any more that the store has, or has lost what the store lacks. */
function goesOn({ position, topicId }: Changelog, range: ChangelogRange): boolean {
  if (position === undefined || position < range.start || position > range.end) return false
  return topicId === undefined || range.topicId === undefined || topicId === range.topicId
}

async function fill(
  of: Restorable,
  changelog: Changelog,
  {
    range,
    snapshots,
    isInterrupted,
    onLoaded = () => undefined,
  }: Omit<ReadingOptions, 'admin'> & { readonly range: ChangelogRange },
): Promise<void> {
  if (goesOn(changelog, range)) {
    changelog.topicId ??= range.topicId
    return
  }
  changelog.position = undefined
  changelog.topicId = range.topicId
  changelog.store.clear()
  const from = await snapshots?.load(changelog, {
    range,
    isInterrupted,
    onTime: (time) => of.restoreTime(time),
    onLoaded,
  })
  if (!isInterrupted()) changelog.position = from ?? range.start
}

const byPartition = (offsets: readonly PartitionOffset[]) =>
  new Map(offsets.map((offset) => [partitionKey(offset), offset]))
