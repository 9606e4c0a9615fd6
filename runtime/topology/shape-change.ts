import { didYouMean } from '../platform/did-you-mean.ts'
import { canonicalJson, type StoreShape, type TopologyShape } from './topology-shape.ts'

/**
 * What a change of a job means for what it keeps. `InPlace`: all goes on. `NeedsRebuild`: the state is found, but was made
 * another way, so that results would be of both. `LosesState`: it is not found, or not to be read.
 */
export type Verdict = 'InPlace' | 'NeedsRebuild' | 'LosesState'

export interface ChangeReason {
  readonly verdict: Verdict
  /** A store, or the user's name for a repartition topic. */
  readonly subject: string
  /** What changed and what comes of it, for people. */
  readonly message: string
}

export interface ShapeChange {
  /** The worst of the reasons'. */
  readonly verdict: Verdict
  readonly reasons: readonly ChangeReason[]
}

const SEVERITY: readonly Verdict[] = ['InPlace', 'NeedsRebuild', 'LosesState']

export function classifyChange(before: TopologyShape, after: TopologyShape): ShapeChange {
  const reasons = [...storeChanges(before, after), ...repartitionChanges(before, after)]
  const worst = Math.max(0, ...reasons.map(({ verdict }) => SEVERITY.indexOf(verdict)))
  return { verdict: SEVERITY[worst] ?? 'InPlace', reasons }
}

function storeChanges(before: TopologyShape, after: TopologyShape): readonly ChangeReason[] {
  const added = missingIn(before.stores, after.stores)
  const kept = before.stores.flatMap((was) => {
    const is = after.stores.find(({ name }) => name === was.name)
    return is === undefined ? [lost(was, added)] : changesOf(was, is)
  })
  const begun = added.map(({ name }) =>
    reason('InPlace', name, 'is new: it begins empty, with the records from now on'),
  )
  return [...kept, ...begun]
}

/** Names are all that ties state to a step: one that got another name looks like one gone and one new. */
function lost(was: StoreShape, added: readonly StoreShape[]): ChangeReason {
  const alike = added.filter(({ layout }) => layout === was.layout)
  const same = alike.find((is) => sameMaking(was, is))
  const heir =
    same?.name ??
    didYouMean(
      was.name,
      alike.map(({ name }) => name),
    )
  const advice =
    heir === undefined
      ? ''
      : ` Is "${heir}" its new name? State is found by its name: call it "${was.name}" again`
  return reason('LosesState', was.name, `is gone, and with it all that it kept.${advice}`)
}

const sameMaking = (a: StoreShape, b: StoreShape): boolean =>
  canonicalJson([a.node, a.keys, a.topics]) === canonicalJson([b.node, b.keys, b.topics])

function changesOf(was: StoreShape, is: StoreShape): readonly ChangeReason[] {
  // What was in memory alone is gone with each restart.
  if (!was.changelog) return []
  const unreadable = unreadableBecause(was, is)
  if (unreadable !== undefined) return [reason('LosesState', was.name, unreadable)]
  const made = [
    ...differences(was.node, is.node),
    ...difference('the choice of its keys', list(was.keys), list(is.keys)),
    ...difference('what it reads', list(was.topics), list(is.topics)),
  ]
  const remade = made.map((what) =>
    reason('NeedsRebuild', was.name, `${what}: what it has kept so far was made the old way`),
  )
  return [...remade, ...retentionChange(was, is)]
}

function unreadableBecause(was: StoreShape, is: StoreShape): string | undefined {
  if (!is.changelog) return 'has no changelog any more: it begins empty, and again at each start'
  const [change] = [
    ...difference('its layout', was.layout, is.layout),
    ...difference('the format of its values', was.format, is.format),
    ...difference('the format of its keys', was.keyFormat, is.keyFormat),
    ...difference('whether it keeps duplicates', was.retainDuplicates, is.retainDuplicates),
  ]
  return change === undefined ? undefined : `${change}: its changelog cannot be read that way`
}

function retentionChange(was: StoreShape, is: StoreShape): readonly ChangeReason[] {
  if (was.retentionMs === is.retentionMs) return []
  const message = `keeps ${is.retentionMs} ms, where it kept ${was.retentionMs} ms`
  return [reason('InPlace', was.name, message)]
}

function repartitionChanges(before: TopologyShape, after: TopologyShape): readonly ChangeReason[] {
  const lostStores = new Set(missingIn(after.stores, before.stores).map(({ name }) => name))
  return before.repartitions.flatMap((was) => {
    const is = after.repartitions.find(({ name }) => name === was.name)
    if (is === undefined) {
      // Of a step that is gone with its store enough is said.
      if (lostStores.has(was.name)) return []
      const message = 'has no repartition topic any more: records on their way through it are lost'
      return [reason('LosesState', was.name, message)]
    }
    return difference('the partitions of its repartition topic', was.partitions, is.partitions).map(
      (what) => reason('LosesState', was.name, `${what}: keys and state lie by the old ones`),
    )
  })
}

/** One line a field that differs. The label is what the user wrote, and needs no name. */
function differences(
  was: Readonly<Record<string, unknown>>,
  is: Readonly<Record<string, unknown>>,
): readonly string[] {
  const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  return fields.flatMap((field) =>
    difference(field === 'label' ? 'what it computes' : field, was[field], is[field]),
  )
}

/** None where both are the same. */
function difference(what: string, was: unknown, is: unknown): readonly string[] {
  if (canonicalJson(was) === canonicalJson(is)) return []
  return [`${what} was ${text(was)} and is now ${text(is)}`]
}

const text = (value: unknown): string =>
  value === undefined ? 'not given' : typeof value === 'string' ? value : JSON.stringify(value)

const list = (items: readonly string[]): string => items.join(', ')

const missingIn = <T extends { readonly name: string }>(
  these: readonly T[],
  those: readonly T[],
): readonly T[] => those.filter(({ name }) => !these.some((one) => one.name === name))

const reason = (verdict: Verdict, subject: string, message: string): ChangeReason => ({
  verdict,
  subject,
  message,
})
