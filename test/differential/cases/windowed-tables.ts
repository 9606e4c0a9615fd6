import type { Case, Kind, Op, Window } from '../case.ts'
import { mixed, type Mixed, source, tableWritten, written } from './parts.ts'

const TUMBLING: Window = { type: 'tumbling', size: 10, grace: 20 }
const SESSION: Window = { type: 'session', gap: 5, grace: 20 }

/** The sums of stream `name` by key and window, as table `name-sums`. */
const sums = (name: string, window: Window = TUMBLING): readonly Op[] => [
  source('stream', name),
  { op: 'groupByKey', name: `${name}-grouped`, from: name },
  { op: 'windowedBy', name: `${name}-windows`, from: `${name}-grouped`, window },
  { op: 'reduce', name: `${name}-sums`, from: `${name}-windows`, add: 'sum' },
]

const inOrder: readonly Mixed[] = [
  ['l', 1, 'a', 1],
  ['r', 2, 'a', 10],
  ['r', 3, 'b', 20],
  ['l', 12, 'a', 2],
  ['r', 4, 'a', 30],
  ['l', 5, 'a', 3],
  ['l', 6, 'b', 4],
  ['r', 15, 'a', 40],
]

const joinTables = (kind: Kind): readonly Op[] => [
  { op: 'joinTables', name: 'joined', from: 'l-sums', other: 'r-sums', kind, joiner: 'pair' },
  ...tableWritten('joined'),
]

const untilClosed: readonly Op[] = [
  { op: 'suppress', name: 'held', from: 'r-sums', until: 'windowClose' },
]

/** The updates of the left sums meet the table. */
const meeting = (other: string, kind: 'inner' | 'left' = 'left'): readonly Op[] => [
  { op: 'toStream', name: 'updates', from: 'l-sums' },
  { op: 'joinTable', name: 'joined', from: 'updates', other, kind, joiner: 'pair' },
  written('joined'),
]

export const windowedTableCases: readonly Case[] = [
  ...(['inner', 'left', 'outer'] as const).map((kind) => ({
    name: `tables of windows join by key and window, if the join is ${kind}`,
    ops: [...sums('l'), ...sums('r'), ...joinTables(kind)],
    inputs: mixed(...inOrder),
  })),
  {
    name: 'tables of sessions join where the sessions are the same',
    ops: [...sums('l', SESSION), ...sums('r', SESSION), ...joinTables('outer')],
    inputs: mixed(
      ['l', 1, 'a', 1],
      ['r', 1, 'a', 10],
      ['l', 3, 'a', 2],
      ['r', 3, 'a', 20],
      ['r', 20, 'a', 30],
      ['l', 20, 'a', 3],
    ),
  },
  {
    name: 'the updates of windows meet what another table has for the same window',
    ops: [...sums('l'), ...sums('r'), ...meeting('r-sums')],
    inputs: mixed(...inOrder),
  },
  {
    name: 'what is made of a table of windows is met by key and window, too',
    ops: [
      ...sums('l'),
      ...sums('r'),
      { op: 'filter', name: 'large', from: 'r-sums', where: 'valueAbove:15' },
      { op: 'mapValues', name: 'tagged', from: 'large', value: 'withKey' },
      ...meeting('tagged', 'inner'),
    ],
    inputs: mixed(...inOrder),
  },
  {
    name: 'a window that is suppressed is met once it is closed',
    ops: [...sums('l'), ...sums('r'), ...untilClosed, ...meeting('held')],
    inputs: mixed(['r', 1, 'a', 10], ['l', 2, 'a', 1], ['r', 30, 'b', 20], ['l', 3, 'a', 2]),
  },
  {
    name: 'a row whose update is suppressed is met as it was before',
    ops: [
      source('stream', 'l'),
      source('table', 'r'),
      { op: 'suppress', name: 'held', from: 'r', until: 'timeLimit', ms: 10 },
      { op: 'joinTable', name: 'joined', from: 'l', other: 'held', kind: 'left', joiner: 'pair' },
      written('joined'),
    ],
    inputs: mixed(
      ['r', 1, 'a', 10],
      ['l', 2, 'a', 1],
      ['r', 12, 'b', 20],
      ['l', 12, 'a', 2],
      ['r', 13, 'a', 30],
      ['r', 14, 'a', null],
      ['l', 14, 'a', 3],
      ['r', 40, 'c', 40],
      ['l', 40, 'a', 4],
    ),
  },
  {
    name: 'a record without key goes through repartition if a left join comes later',
    ops: [
      source('stream', 'l'),
      source('table', 'r'),
      { op: 'selectKey', name: 'keyed', from: 'l', key: 'nullIf:2' },
      { op: 'repartition', name: 'moved', from: 'keyed' },
      { op: 'joinTable', name: 'joined', from: 'moved', other: 'r', kind: 'left', joiner: 'pair' },
      written('joined'),
      written('moved'),
    ],
    inputs: mixed(['r', 1, 'a', 'x'], ['l', 2, 'a', 1], ['l', 3, 'a', 2], ['l', 4, null, 3]),
  },
]
