import { isDeepStrictEqual } from 'node:util'
import type { Case } from './case.ts'
import type { Entry, Outcome, StepOutcome } from './outcome.ts'

/** What differs between the two sides, as lines to read; none where they agree. */
export function differencesOf(one: Case, java: Outcome, millrace: Outcome): readonly string[] {
  // What the input with the error has led to is nobody's promise.
  const end = Math.min(...[java, millrace].map(({ error }) => error?.at ?? Infinity))
  return [
    ...errorDifferences(one, java, millrace),
    ...one.inputs
      .slice(0, Math.max(0, end))
      .flatMap((_, index) => stepDifferences(index, java.steps[index], millrace.steps[index])),
    ...endDifferences(java, millrace),
  ]
}

/** Texts of errors are each side's own. */
function errorDifferences({ inputs }: Case, java: Outcome, millrace: Outcome): string[] {
  if (java.error?.at === millrace.error?.at) return []
  const told = ({ error }: Outcome) => {
    if (error === undefined) return 'no error'
    const { topic, key } = inputs[error.at] ?? {}
    const where = error.at < 0 ? 'before all inputs' : `at input ${error.at} (${topic}, ${key})`
    return `error ${where}: ${error.message}`
  }
  return [both('errors', told(java), told(millrace))]
}

function stepDifferences(
  index: number,
  java: StepOutcome = NOTHING,
  millrace: StepOutcome = NOTHING,
): string[] {
  return [
    ...entryDifferences(`input ${index}, topic`, java.outputs, millrace.outputs),
    ...entryDifferences(
      `input ${index}, changelog of`,
      settled(java.changelogs),
      settled(millrace.changelogs),
    ),
  ]
}

function endDifferences(java: Outcome, millrace: Outcome): string[] {
  const differences: string[] = []
  const shown = (mine: Outcome, other: Outcome) =>
    Object.fromEntries(
      Object.entries(mine.stores ?? {}).filter(([name]) => name in (other.stores ?? {})),
    )
  differences.push(
    ...entryDifferences('at the end, store', shown(java, millrace), shown(millrace, java)),
  )
  for (const what of ['repartitions', 'dropped'] as const) {
    const [theirs, ours] = [java[what], millrace[what]]
    if (theirs === undefined || ours === undefined || isDeepStrictEqual(theirs, ours)) continue
    differences.push(both(what, JSON.stringify(theirs), JSON.stringify(ours)))
  }
  return differences
}

type Entries = Readonly<Record<string, readonly Entry[]>>

function entryDifferences(where: string, java: Entries, millrace: Entries): string[] {
  const names = [...new Set([...Object.keys(java), ...Object.keys(millrace)])].sort()
  return names
    .filter((name) => !isDeepStrictEqual(java[name] ?? [], millrace[name] ?? []))
    .map((name) => both(`${where} ${name}`, listed(java[name]), listed(millrace[name])))
}

/**
 * Of each key the last record, by key: Millrace writes one record a key and commit, Kafka Streams one an update; between
 * keys the order means nothing.
 */
function settled(changelogs: Entries): Entries {
  return Object.fromEntries(
    Object.entries(changelogs).map(([store, entries]) => {
      const last = new Map(entries.map((entry) => [JSON.stringify(entry.key), entry]))
      return [store, [...last.keys()].sort().map((key) => last.get(key) as Entry)]
    }),
  )
}

const both = (what: string, java: string, millrace: string): string =>
  `${what}\n    Kafka Streams: ${java}\n    Millrace:      ${millrace}`

const listed = (entries: readonly Entry[] = []): string =>
  entries.length === 0
    ? 'nothing'
    : entries
        .map(({ key, value, ts }) => `${JSON.stringify(key)} → ${JSON.stringify(value)} @${ts}`)
        .join(', ')

const NOTHING: StepOutcome = { outputs: {}, changelogs: {} }
