import { createHash } from 'node:crypto'
import type { PartitionOffset } from '../broker/broker.ts'
import type { RuntimeConfig } from '../config.ts'
import { DataLoss } from '../errors.ts'
import type { Logger } from '../platform/logger.ts'
import type { Changelog } from './changelog.ts'
import type { Task } from './task.ts'

/** Enough to tell two topics apart, and room for many: Kafka keeps 4096 characters with an offset. */
const NAME_CHARS = 8
const ID_CHARS = 12
const MAX_NOTED = 150

const shortName = (topic: string): string =>
  createHash('sha256').update(topic).digest('base64url').slice(0, NAME_CHARS)

const shortId = (topicId: string): string => topicId.replaceAll('-', '').slice(0, ID_CHARS)

/** Which topics state is kept in, by name and id. undefined where there is none, or brokers do not tell. */
function noteOf(changelogs: readonly Changelog[]): string | undefined {
  const noted = changelogs.flatMap(({ topic, topicId }) =>
    topicId === undefined ? [] : [`${shortName(topic)}:${shortId(topicId)}`],
  )
  return noted.length === 0 ? undefined : noted.slice(0, MAX_NOTED).join(',')
}

/** Those that were other topics when the note was made; one that it does not name is new. */
function replacedSince(note: string, changelogs: readonly Changelog[]): readonly string[] {
  const before = new Map(note.split(',').map((one) => one.split(':') as [string, string]))
  return changelogs.flatMap(({ topic, topicId }) => {
    const id = before.get(shortName(topic))
    return id === undefined || topicId === undefined || id === shortId(topicId) ? [] : [topic]
  })
}

interface Surroundings {
  readonly config: Pick<RuntimeConfig, 'onDataLoss' | 'applicationId'>
  readonly log: Logger
}

/**
 * Positions for a task to start at, whose stores are restored, as committed, with a note of its changelogs that is committed with all that follow. Where the
 * last one is of others of their names, what the task had kept is gone: throws `DataLoss`, unless the job is to go on.
 */
export function withChangelogsNoted(
  { name, changelogs }: Pick<Task, 'name' | 'changelogs'>,
  positions: readonly PartitionOffset[],
  { config, log }: Surroundings,
): readonly PartitionOffset[] {
  if (changelogs.length === 0) return positions
  const replaced = new Set(positions.flatMap(({ note = '' }) => replacedSince(note, changelogs)))
  if (replaced.size > 0) {
    const topics = [...replaced].map((topic) => `topic ${topic}`).join(', ')
    const why = `${topics} was deleted and created anew: the state that task ${name} had of the records before its committed offsets is gone. To count them again, give the job a new applicationId, or reset the offsets of group ${config.applicationId}.`
    if (config.onDataLoss === 'Fail') throw new DataLoss(why, 'with the state that is left')
    log.warn('state is lost', { why })
  }
  const note = noteOf(changelogs)
  return positions.map(({ note: _, ...position }) => ({
    ...position,
    ...(note === undefined ? {} : { note }),
  }))
}
