import type { Case, Json, Op, Window } from '../case.ts'
import { type Given, into, source, tableWritten } from './parts.ts'

const grouped: Op = { op: 'groupByKey', name: 'grouped', from: 'in' }

type Asked =
  | { readonly op: 'count' }
  | { readonly op: 'reduce'; readonly add: string }
  | { readonly op: 'aggregate'; readonly add: string; readonly merge?: string }

const count: Asked = { op: 'count' }
const sum: Asked = { op: 'aggregate', add: 'sum', merge: 'sum' }
const listed: Asked = { op: 'aggregate', add: 'concat', merge: 'concat' }

/** A store of what was asked for, by key, with all its updates. */
const keyed = (name: string, asked: Asked, ...records: readonly Given[]): Case => ({
  name,
  ops: [
    source('stream'),
    grouped,
    { ...asked, name: 'kept', from: 'grouped' },
    ...tableWritten('kept'),
  ],
  inputs: into('in', ...records),
})

interface Over {
  readonly window: Window
  readonly emit?: 'close'
}

/** The same over windows. */
const windowed = (name: string, over: Over, asked: Asked, records: readonly Given[]): Case => ({
  name,
  ops: [
    source('stream'),
    grouped,
    { op: 'windowedBy', name: 'windowed', from: 'grouped', ...over },
    { ...asked, name: 'kept', from: 'windowed' },
    ...tableWritten('kept'),
  ],
  inputs: into('in', ...records),
})

const tumbling = (size: number, grace: number): Over => ({
  window: { type: 'tumbling', size, grace },
})
const hopping = (size: number, advance: number, grace: number): Over => ({
  window: { type: 'hopping', size, advance, grace },
})
const sliding = (difference: number, grace: number): Over => ({
  window: { type: 'sliding', difference, grace },
})
const session = (gap: number, grace: number): Over => ({ window: { type: 'session', gap, grace } })
const onClose = (over: Over): Over => ({ ...over, emit: 'close' })

/** One record of key `a` for each time, 1 in each. */
const times = (...all: readonly number[]): Given[] => all.map((ts) => [ts, 'a', 1])
const values = (...all: readonly (readonly [number, Json])[]): Given[] =>
  all.map(([ts, value]) => [ts, 'a', value])

const nullsAmong: readonly Given[] = [
  [1, 'a', 1],
  [2, 'a', null],
  [3, null, 2],
  [4, null, null],
  [5, 'a', 3],
]

export const aggregateCases: readonly Case[] = [
  keyed('count drops a record without key or without value', count, ...nullsAmong),
  keyed('aggregate drops a record without key or without value', sum, ...nullsAmong),
  keyed(
    'reduce drops a record without key or without value',
    { op: 'reduce', add: 'concat' },
    ...nullsAmong,
  ),
  keyed(
    'the result of an aggregation has the latest time of all its records',
    listed,
    ...values([10, 'x'], [4, 'y'], [12, 'z'], [11, 'w']),
  ),
  keyed(
    'reduce begins with the first value, untouched',
    { op: 'reduce', add: 'sum' },
    ...values([1, 'text'], [2, 3]),
  ),
  keyed(
    'a reduce to null removes the key, and the next value is a first one',
    { op: 'reduce', add: 'nullIf:3' },
    ...values([1, 1], [2, 2], [3, 4], [1, 7]),
  ),
  keyed(
    'an aggregate of null removes the key, and the next record begins anew',
    { op: 'aggregate', add: 'nullIf:3' },
    ...values([9, 1], [2, 2], [3, 4], [1, 7]),
  ),
  windowed('a window holds its start, not its end', tumbling(10, 0), sum, times(0, 9, 10, 19, 20)),
  windowed(
    'a record exactly at the edge of grace is late',
    tumbling(10, 5),
    count,
    // The window [0, 10) is open until time 14, and closed at 15.
    times(3, 14, 4, 15, 5, 10),
  ),
  windowed(
    'without grace a window is closed once time has reached its end',
    tumbling(10, 0),
    count,
    times(1, 9, 2, 10, 3),
  ),
  windowed(
    'a record moves time on for its own windows',
    hopping(10, 5, 0),
    count,
    times(12, 30, 21, 19, 24),
  ),
  windowed(
    'of the windows of a record that hop, those that are closed are passed over',
    hopping(10, 2, 3),
    listed,
    values([20, 'x'], [13, 'y'], [10, 'z'], [9, 'w']),
  ),
  windowed('no window begins before time 0', hopping(10, 3, 0), count, times(0, 2, 4, 11)),
  windowed(
    'windows that do not meet leave records out',
    hopping(4, 4, 0),
    count,
    times(0, 3, 4, 7, 8),
  ),
  windowed('a time window counts records without value', tumbling(10, 10), count, nullsAmong),
  windowed(
    'a time window gives records without value to the aggregator',
    tumbling(10, 10),
    listed,
    nullsAmong,
  ),
  windowed(
    'a time window gives records without value to the reducer',
    tumbling(10, 10),
    { op: 'reduce', add: 'concat' },
    nullsAmong,
  ),
  windowed(
    'the result of a window has the latest time of its records',
    tumbling(10, 10),
    listed,
    values([7, 'x'], [3, 'y'], [15, 'z'], [8, 'w']),
  ),
  windowed(
    'a window that an aggregate of null has emptied begins anew',
    tumbling(10, 10),
    { op: 'aggregate', add: 'nullIf:3' },
    values([1, 1], [2, 2], [3, 4]),
  ),
  windowed(
    'a record later than what a store retains is passed over',
    tumbling(10, 20),
    count,
    times(5, 95, 66, 69, 70, 74, 75, 76, 106, 71),
  ),
  windowed(
    'a window that emits when it is closed gives its last value, once, in the order of windows',
    onClose(tumbling(10, 5)),
    sum,
    [
      [1, 'b', 1],
      [2, 'a', 2],
      [11, 'a', 3],
      [3, 'b', 4],
      [14, 'c', 5],
      [15, 'a', 6],
      [40, 'b', 7],
    ],
  ),
  windowed(
    'windows that hop and emit when they are closed come earliest first',
    onClose(hopping(10, 5, 0)),
    count,
    [
      [1, 'b', 1],
      [6, 'a', 1],
      [12, 'a', 1],
      [50, 'c', 1],
      [49, 'b', 1],
      [60, 'c', 1],
    ],
  ),
  windowed(
    'a sliding window holds both its ends',
    sliding(10, 0),
    listed,
    values([20, 'x'], [30, 'y'], [41, 'z']),
  ),
  windowed(
    'a record of a sliding window also makes the windows that begin after earlier ones',
    sliding(10, 20),
    listed,
    values([20, 'x'], [25, 'y'], [22, 'z'], [25, 'w'], [30, 'v'], [18, 'u']),
  ),
  windowed(
    'a sliding window before its length has passed since time 0 begins at 0',
    sliding(10, 20),
    listed,
    values([5, 'x'], [3, 'y'], [8, 'z'], [0, 'w'], [10, 'v'], [12, 'u']),
  ),
  windowed(
    'a record exactly at the edge of grace is in time for a sliding window',
    sliding(10, 5),
    count,
    times(30, 45, 30, 29, 46, 31, 30),
  ),
  windowed('a sliding window drops records without value', sliding(10, 10), count, nullsAmong),
  windowed(
    'sliding windows that emit when they are closed come earliest first',
    onClose(sliding(10, 0)),
    listed,
    values([20, 'x'], [25, 'y'], [31, 'z'], [36, 'w'], [80, 'v'], [100, 'u']),
  ),
  windowed(
    'a session takes a record exactly its gap away, on either side',
    session(10, 30),
    listed,
    values([20, 'x'], [30, 'y'], [10, 'z'], [41, 'w'], [0, 'v']),
  ),
  windowed(
    'a record that joins two sessions removes both, before it tells of the new one',
    session(10, 50),
    listed,
    values([10, 'x'], [30, 'y'], [20, 'z'], [22, 'w']),
  ),
  windowed(
    'a record within a session changes it in place',
    session(10, 50),
    listed,
    values([10, 'x'], [20, 'y'], [15, 'z'], [20, 'w'], [10, 'v']),
  ),
  windowed(
    'a record exactly at the edge of grace is in time for a session',
    session(10, 5),
    count,
    // The session [15, 15] is closed once time is past 15 + 10 + 5.
    times(30, 15, 14, 31, 15, 16),
  ),
  windowed(
    'a late record is in time for a session that reaches on',
    session(10, 0),
    count,
    times(20, 28, 15, 36, 21, 45, 30, 26, 60, 40),
  ),
  windowed('a session counts records without value', session(10, 10), count, nullsAmong),
  windowed(
    'reduce over sessions takes their values in the order of the sessions',
    session(10, 50),
    { op: 'reduce', add: 'concat' },
    values([30, 'x'], [10, 'y'], [20, 'z'], [50, 'w'], [40, 'v']),
  ),
  windowed(
    'a session that an aggregate of null has emptied begins anew',
    session(10, 50),
    { op: 'aggregate', add: 'nullIf:3', merge: 'sum' },
    values([1, 1], [2, 2], [3, 4], [5, 1]),
  ),
  windowed(
    'sessions that emit when they are closed come earliest first',
    onClose(session(5, 5)),
    listed,
    [
      [1, 'b', 1],
      [2, 'a', 2],
      [3, 'b', 4],
      [6, 'a', 3],
      [20, 'c', 5],
      [30, 'a', 6],
      [60, 'b', 7],
    ],
  ),
]
