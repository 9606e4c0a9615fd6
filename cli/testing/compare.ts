import { isDeepStrictEqual } from 'node:util'
import type { DeadLetter } from '../../runtime/testing/dead-letter.ts'
import type { ReadRecord } from '../../runtime/testing/records.ts'
import type { StoreEntry } from '../../runtime/testing/store-view.ts'
import { bestPairs } from './pairs.ts'
import type { ExpectedLetter, ExpectedRecord, ExpectedRecords } from './test-schema.ts'
import { durationText, timeText, timestampOf } from './test-times.ts'

/** What was to come and what came, both in the words of the test, for as far as it speaks of it. */
export interface Difference {
  readonly expected: unknown
  readonly actual: unknown
}

export function compareRecords(
  expected: ExpectedRecords,
  actual: readonly ReadRecord[],
): Difference | undefined {
  const wanted = Array.isArray(expected) ? expected : expected.anyOrder
  const isWanted = (want: ExpectedRecord, got: ReadRecord) =>
    isDeepStrictEqual(recordAs(got, want), normal(want))
  const ordered = Array.isArray(expected) ? actual : bestPairs(wanted, actual, isWanted)
  return difference(
    wanted.map(normal),
    ordered.map((got, index) => recordAs(got, wanted[index])),
  )
}

export const compareLetters = (
  expected: readonly ExpectedLetter[],
  actual: readonly DeadLetter[],
): Difference | undefined =>
  difference(
    expected,
    actual.map((got, index) => letterAs(got, expected[index])),
  )

export const compareStore = (
  expected: Readonly<Record<string, unknown>>,
  actual: readonly StoreEntry[],
): Difference | undefined =>
  difference(
    expected,
    Object.fromEntries(actual.map((entry) => [entryName(entry), plain(entry.value)])),
  )

const difference = (expected: unknown, actual: unknown): Difference | undefined =>
  isDeepStrictEqual(expected, actual) ? undefined : { expected, actual }

/** With its times written in one way. */
const normal = (want: ExpectedRecord): ExpectedRecord =>
  want.at === undefined ? want : { ...want, at: timeText(timestampOf(want.at) ?? 0, want.at) }

/** Of a record what `want` speaks of; of one that nobody wants, what one would want to know. */
function recordAs(got: ReadRecord, want: ExpectedRecord | undefined): ExpectedRecord {
  const { key, value, timestamp, headers } = plain(got)
  const told: Readonly<Record<keyof ExpectedRecord, () => unknown>> = {
    key: () => key,
    value: () => value,
    contains: () => overlap(value, want?.contains),
    at: () => timeText(timestamp, want?.at ?? ''),
    headers: () => overlap(headers, want?.headers),
  }
  return pick(told, Object.keys(want ?? { key, value }))
}

function letterAs(got: DeadLetter, want: ExpectedLetter | undefined): ExpectedLetter {
  const { topic, node, reason, message, key, value } = plain(got)
  const told: Readonly<Record<keyof ExpectedLetter, () => unknown>> = {
    topic: () => topic,
    node: () => node,
    reason: () => reason,
    message: () => (message.includes(want?.message ?? '') ? (want?.message ?? message) : message),
    key: () => key,
    value: () => value,
  }
  return pick(told, Object.keys(want ?? { topic, reason, message, value }))
}

const pick = <T extends object>(
  told: Readonly<Record<keyof T, () => unknown>>,
  names: readonly string[],
): T => Object.fromEntries(names.map((name) => [name, told[name as keyof T]()])) as T

/** As YAML and JSON have it: a test cannot write a Buffer, nor a field that is undefined. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** The parts of `actual` that `pattern` names, at any depth; lists as a whole where their lengths differ. */
function overlap(actual: unknown, pattern: unknown): unknown {
  if (Array.isArray(pattern) && Array.isArray(actual) && pattern.length === actual.length)
    return actual.map((element, index) => overlap(element, pattern[index]))
  if (!isObject(pattern) || !isObject(actual)) return actual
  const named = Object.keys(pattern).filter((name) => Object.hasOwn(actual, name))
  return Object.fromEntries(named.map((name) => [name, overlap(actual[name], pattern[name])]))
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `key`, of a window `key@start`, of a session `key@start..end`. */
function entryName({ key, start, end }: StoreEntry): string {
  const name = typeof key === 'string' ? key : JSON.stringify(key)
  if (start === undefined) return name
  return `${name}@${durationText(start)}${end === undefined ? '' : `..${durationText(end)}`}`
}
