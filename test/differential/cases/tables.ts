import type { Aggregation, Case, Fn, Op } from '../case.ts'
import { type Given, into, source, tableWritten } from './parts.ts'

const updated = (name: string, ops: readonly Op[], ...records: readonly Given[]): Case => ({
  name,
  ops: [source('table'), ...ops],
  inputs: into('in', ...records),
})

const regrouped = (
  name: string,
  asked: { readonly op: Aggregation['op']; readonly add?: Fn; readonly subtract?: Fn },
  ...records: readonly Given[]
): Case =>
  updated(
    name,
    [
      { op: 'groupBy', name: 'grouped', from: 'in', key: 'field:f' },
      { ...asked, name: 'kept', from: 'grouped' } as Aggregation,
      ...tableWritten('kept'),
    ],
    ...records,
  )

const listed = { op: 'aggregate', add: 'concat', subtract: 'without' } as const

const moving: readonly Given[] = [
  [1, 'a', { f: 'x', n: 1 }],
  [2, 'b', { f: 'x', n: 2 }],
  [3, 'a', { f: 'x', n: 3 }],
  [4, 'a', { f: 'y', n: 4 }],
  [5, 'b', null],
  [3, 'a', { f: 'x', n: 5 }],
  [6, 'a', null],
  [7, 'a', null],
  [8, 'c', 7],
]

/** A window that counts, and what `until` makes of its updates. */
const suppressed = (
  name: string,
  window: Extract<Op, { op: 'windowedBy' }>['window'],
  until: readonly Op[],
  ...records: readonly Given[]
): Case => ({
  name,
  ops: [
    source('stream'),
    { op: 'groupByKey', name: 'grouped', from: 'in' },
    { op: 'windowedBy', name: 'windowed', from: 'grouped', window },
    { op: 'reduce', name: 'kept', from: 'windowed', add: 'concat' },
    ...until,
    ...tableWritten('held'),
  ],
  inputs: into('in', ...records),
})

const untilClosed: readonly Op[] = [
  { op: 'suppress', name: 'held', from: 'kept', until: 'windowClose' },
]

export const tableCases: readonly Case[] = [
  updated(
    'a table drops records without key, and takes an earlier record that comes later',
    tableWritten('in'),
    [5, 'a', 1],
    [6, null, 2],
    [3, 'a', 3],
    [7, 'b', null],
    [8, 'a', null],
    [9, 'a', null],
  ),
  updated(
    'a table tells of an update that changes nothing',
    tableWritten('in'),
    [1, 'a', 1],
    [2, 'a', 1],
    [2, 'a', 1],
  ),
  updated(
    'a filter that is kept tells of no row that it never had, whatever a join of a table with itself says of the row before',
    [
      { op: 'mapValues', name: 'tagged', from: 'in', value: 'tag:x' },
      {
        ...{ op: 'joinTables', name: 'both', from: 'in', other: 'tagged' },
        ...{ kind: 'outer', joiner: 'sum' },
      },
      { op: 'filterNot', name: 'small', from: 'both', where: 'valueAbove:2', store: true },
      ...tableWritten('small'),
    ],
    [22, 'a', 3],
    [23, 'a', null],
    [24, 'a', 1],
    [25, 'a', 4],
  ),
  updated(
    'a filter on a table tells of what it takes away, kept or not',
    [
      { op: 'filter', name: 'large', from: 'in', where: 'valueAbove:2' },
      { op: 'filter', name: 'kept', from: 'in', where: 'valueAbove:2', store: true },
      { op: 'filterNot', name: 'small', from: 'in', where: 'valueAbove:2', store: true },
      ...tableWritten('large'),
      ...tableWritten('kept'),
      ...tableWritten('small'),
    ],
    [1, 'a', 1],
    [2, 'a', 5],
    [3, 'a', 2],
    [2, 'a', 2],
    [4, 'b', null],
    [5, 'a', null],
  ),
  updated(
    'mapValues of a table is not asked about tombstones',
    [
      { op: 'mapValues', name: 'mapped', from: 'in', value: 'tag:!' },
      { op: 'mapValues', name: 'kept', from: 'in', value: 'nullIf:3', store: true },
      ...tableWritten('mapped'),
      ...tableWritten('kept'),
    ],
    [1, 'a', 1],
    [2, 'a', null],
    [3, 'b', 3],
    [4, 'b', 4],
    [1, 'b', 6],
  ),
  {
    name: 'toTable drops records without key and keeps the last value of each',
    ops: [
      source('stream'),
      { op: 'selectKey', name: 'keyed', from: 'in', key: 'nullIf:4' },
      { op: 'toTable', name: 'kept', from: 'keyed' },
      ...tableWritten('kept'),
    ],
    inputs: into('in', [5, 'a', 1], [6, 'a', 4], [3, 'a', 3], [7, 'b', 5], [8, null, 1]),
  },
  regrouped('a grouped table takes the old value away before it adds the new', listed, ...moving),
  regrouped('a grouped table counts what is there, and goes down to 0', { op: 'count' }, ...moving),
  regrouped(
    'reduce over a grouped table begins with the first value, and keeps what is left',
    { op: 'reduce', add: 'concat', subtract: 'without' },
    ...moving,
  ),
  regrouped(
    'reduce over a grouped table to null removes the key',
    { op: 'reduce', add: 'nullIf:3', subtract: 'minus' },
    ...moving,
  ),
  {
    name: 'the results of an aggregation can be grouped anew',
    ops: [
      source('stream'),
      { op: 'groupByKey', name: 'by-key', from: 'in' },
      { op: 'reduce', name: 'sums', from: 'by-key', add: 'sum' },
      { op: 'groupBy', name: 'by-sum', from: 'sums', key: 'valueMod:10' },
      { op: 'count', name: 'counts-of-sums', from: 'by-sum' },
      ...tableWritten('counts-of-sums'),
    ],
    inputs: into('in', [1, 'a', 1], [2, 'b', 1], [5, 'a', 1], [3, 'c', 1], [4, 'b', 1]),
  },
  suppressed(
    'a window that is suppressed until it is closed comes once, with the time of its last update',
    { type: 'tumbling', size: 10, grace: 5 },
    untilClosed,
    [3, 'a', 1],
    [1, 'b', 2],
    [2, 'a', 3],
    [14, 'c', 4],
    [15, 'c', 5],
    [4, 'a', 6],
    [30, 'a', 7],
  ),
  suppressed(
    'windows that are closed by one record come by their ends',
    { type: 'hopping', size: 10, advance: 5, grace: 0 },
    untilClosed,
    [1, 'b', 1],
    [6, 'a', 2],
    [12, 'b', 3],
    [50, 'a', 4],
    [49, 'b', 5],
    [70, 'a', 6],
  ),
  suppressed(
    'a session that has gone into another is not told of when sessions are suppressed',
    { type: 'session', gap: 5, grace: 5 },
    untilClosed,
    [10, 'a', 1],
    [16, 'a', 2],
    [13, 'a', 3],
    [30, 'b', 4],
    [22, 'a', 5],
    [60, 'b', 6],
  ),
  suppressed(
    'a sliding window that is suppressed comes once it is closed',
    { type: 'sliding', difference: 5, grace: 0 },
    untilClosed,
    [10, 'a', 1],
    [13, 'a', 2],
    [20, 'a', 3],
    [40, 'b', 4],
  ),
  suppressed(
    'a window emptied while it is suppressed is not told of',
    { type: 'tumbling', size: 10, grace: 0 },
    [
      { op: 'filterNot', name: 'short', from: 'kept', where: 'valueAbove:3' },
      { op: 'suppress', name: 'held', from: 'short', until: 'windowClose' },
    ],
    [1, 'a', 1],
    [2, 'b', 2],
    [3, 'a', 3],
    [4, 'a', 4],
    [12, 'c', 5],
    [30, 'c', 6],
  ),
  updated(
    'suppress until a time limit holds the first update that long, and tells of the last',
    [
      { op: 'suppress', name: 'held', from: 'in', until: 'timeLimit', ms: 10 },
      ...tableWritten('held'),
    ],
    [10, 'a', 1],
    [15, 'a', 2],
    [19, 'b', 3],
    [20, 'b', 4],
    [12, 'a', 5],
    [29, 'a', null],
    [40, 'c', 6],
    [60, 'c', 7],
  ),
  updated(
    'suppress that holds no more than so many keys lets the earliest go',
    [
      { op: 'suppress', name: 'held', from: 'in', until: 'timeLimit', ms: 100, maxRecords: 2 },
      ...tableWritten('held'),
    ],
    [10, 'a', 1],
    [5, 'b', 2],
    [11, 'c', 3],
    [12, 'a', 4],
    [13, 'd', 5],
    [13, 'e', null],
  ),
]
