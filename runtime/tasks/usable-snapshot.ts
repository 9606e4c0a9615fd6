import type { SnapshotHead } from '../state/snapshot-format.ts'
import { SnapshotRefused } from '../state/snapshot-reader.ts'
import type { Changelog } from './changelog.ts'

/** Changelogs keep tombstones for a day after they are compacted: what was removed before cannot be told from older ones. */
export const MAX_AGE_MS = 12 * 60 * 60 * 1000

/** Offsets of a changelog: where it begins and ends now. */
export interface ChangelogRange {
  readonly start: number
  readonly end: number
  readonly topicId?: string
}

/** As text, to be compared. */
export const layoutOf = ({ changelogTopic: _, ...layout }: Changelog['spec']): string =>
  JSON.stringify(layout)

const beyond = (end: number, changelogEnd: number): string =>
  `it has changes up to offset ${end} of a changelog that ends at ${changelogEnd}`

/** Throws `SnapshotRefused` where a changelog has lost what the snapshot has. */
export function judgeEnd(end: number, range: ChangelogRange): void {
  if (!(end <= range.end)) throw new SnapshotRefused(beyond(end, range.end))
}

/** Throws `SnapshotRefused` where a snapshot is not one to begin with. */
export function judgeHead(
  head: SnapshotHead,
  { topic, partition, spec }: Changelog,
  { range, now }: { readonly range: ChangelogRange; readonly now: number },
): void {
  const ageMs = now - head.startedAt
  const isOfAnother = head.topicId !== undefined && range.topicId !== undefined
  const faults: readonly (readonly [isSo: boolean, why: string])[] = [
    [
      head.topic !== topic || head.partition !== partition,
      `it is of ${head.topic}-${head.partition}`,
    ],
    [isOfAnother && head.topicId !== range.topicId, 'the changelog was created anew since'],
    [head.layout !== layoutOf(spec), 'the store was laid out in another way'],
    [!(ageMs >= 0 && ageMs <= MAX_AGE_MS), `it is ${Math.round(ageMs / 60_000)} minutes old`],
    [!(head.start >= range.start), `the changelog begins at ${range.start}, after ${head.start}`],
    [!(head.start <= range.end), beyond(head.start, range.end)],
  ]
  const fault = faults.find(([isSo]) => isSo)
  if (fault !== undefined) throw new SnapshotRefused(fault[1])
}
