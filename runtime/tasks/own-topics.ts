import { createHash } from 'node:crypto'
import type { BrokerAdmin, PartitionOffset } from '../broker/broker.ts'
import type { RuntimeConfig } from '../config.ts'
import { DataLoss, StateLoss } from '../errors.ts'
import type { Logger } from '../platform/logger.ts'
import { repartitionTopic } from '../topology/internal-topics.ts'
import type { StoreSpec } from '../topology/store-spec.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'

/** A topic of the job's own that has what a task made of the records before its committed offsets. */
export interface OwnTopic {
  readonly topic: string
  /** Unset where brokers do not tell. */
  readonly topicId?: string | undefined
  /** The store that is kept there; unset for a repartition topic. */
  readonly store?: StoreSpec
}

/** Enough to tell two of them apart, and room for many: Kafka keeps 4096 characters with an offset. */
const NAME_CHARS = 8
const ID_CHARS = 12
const FORM_CHARS = 4
const MAX_NOTED = 140

/** Changelogs and repartition topics that a task of the sub-topology writes. */
export function ownTopicsOf(
  { stores, exits }: SubTopology,
  applicationId: string,
): readonly OwnTopic[] {
  const kept = stores.flatMap((store) =>
    store.changelogTopic === undefined ? [] : [{ topic: store.changelogTopic, store }],
  )
  return [...kept, ...exits.map((exit) => ({ topic: repartitionTopic(applicationId, exit) }))]
}

/** The same, with their ids. */
export async function identified(
  topics: readonly OwnTopic[],
  admin: Pick<BrokerAdmin, 'listOffsets'>,
): Promise<readonly OwnTopic[]> {
  if (topics.length === 0) return []
  const names = [...new Set(topics.map(({ topic }) => topic))]
  const firsts = names.map((topic) => ({ topic, partition: 0 }))
  const listed = await admin.listOffsets(firsts, 'earliest')
  const ids = new Map(listed.map(({ topic, topicId }) => [topic, topicId]))
  return topics.map((own) => ({ ...own, topicId: ids.get(own.topic) }))
}

interface Surroundings {
  /** The name of the task. */
  readonly name: string
  readonly config: Pick<RuntimeConfig, 'onDataLoss' | 'applicationId'>
  readonly log: Logger
}

/**
 * Positions for a task to start at, as committed, with a note of its own topics that is committed with all that follow. Throws
 * `StateLoss` where one was written by a store of another form, and `DataLoss` where one is not the topic that the last note is of, unless
 * the job is to go on.
 */
export function withOwnTopicsNoted(
  positions: readonly PartitionOffset[],
  topics: readonly OwnTopic[],
  surroundings: Surroundings,
): readonly PartitionOffset[] {
  for (const { note = '' } of positions) requireUnchanged(readNote(note), topics, surroundings)
  const note = noteOf(topics)
  return positions.map(({ note: _, ...position }) => ({
    ...position,
    ...(note === undefined ? {} : { note }),
  }))
}

function requireUnchanged(
  before: Note,
  topics: readonly OwnTopic[],
  { name, config, log }: Surroundings,
): void {
  for (const own of topics) {
    const { isAnother, hasOtherForm } = compared(before, own)
    const { topic, store } = own
    // One that had another form was deleted as it was to be.
    if (hasOtherForm && !isAnother && store !== undefined) throw new StateLoss(store.name, topic)
    if (!isAnother || hasOtherForm) continue
    const gone =
      store === undefined
        ? `what task ${name} had handed on in it of the records before its committed offsets is gone, as far as it was not processed. To process them`
        : `the state that task ${name} had of the records before its committed offsets is gone. To count them`
    const why = `topic ${topic} was deleted and created anew: ${gone} again, give the job a new applicationId, or reset the offsets of group ${config.applicationId}.`
    if (config.onDataLoss === 'Fail') throw new DataLoss(why, 'with what is left')
    log.warn('state is lost', { why })
  }
}

/** Topic → its id and the form of its store, all of them in short; empty where unknown. */
type Note = ReadonlyMap<string, readonly [id: string, form: string]>

/** undefined where there is nothing to note. */
function noteOf(topics: readonly OwnTopic[]): string | undefined {
  if (topics.length === 0) return undefined
  return topics
    .slice(0, MAX_NOTED)
    .map(({ topic, topicId, store }) =>
      [shortName(topic), shortId(topicId), ...(store === undefined ? [] : [formOf(store)])].join(
        ':',
      ),
    )
    .join(',')
}

const readNote = (note: string): Note =>
  new Map(
    note.split(',').map((one) => {
      const [name = '', id = '', form = ''] = one.split(':')
      return [name, [id, form]] as const
    }),
  )

/** One that the note does not name is new. */
function compared(before: Note, { topic, topicId, store }: OwnTopic) {
  const [id = '', form = ''] = before.get(shortName(topic)) ?? []
  return {
    isAnother: id !== '' && topicId !== undefined && id !== shortId(topicId),
    hasOtherForm: form !== '' && store !== undefined && form !== formOf(store),
  }
}

const shortName = (topic: string): string => hashOf(topic).slice(0, NAME_CHARS)

const shortId = (topicId = ''): string => topicId.replaceAll('-', '').slice(0, ID_CHARS)

/** What all must be the same of a store for its changelog to be read. */
function formOf({ kind, format, keyFormat, ...layout }: StoreSpec): string {
  const retainsDuplicates = 'retainDuplicates' in layout && layout.retainDuplicates
  const rightFormat = 'rightFormat' in layout ? layout.rightFormat : null
  const form = [kind, format, keyFormat ?? null, retainsDuplicates, rightFormat]
  return hashOf(JSON.stringify(form)).slice(0, FORM_CHARS)
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url')
