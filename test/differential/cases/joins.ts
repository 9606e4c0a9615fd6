import type { Case, CaseRecord, Json, Kind, Op } from '../case.ts'
import { type Mixed, mixed, source, tableWritten, written } from './parts.ts'

interface Span {
  readonly before?: number
  readonly after?: number
  readonly grace?: number
}

/** Streams `l` and `r`, joined. */
const streams = (
  name: string,
  kind: Kind,
  { before = 5, after = 5, grace = 0 }: Span,
  inputs: readonly CaseRecord[],
): Case => ({
  name,
  ops: [
    source('stream', 'l'),
    source('stream', 'r'),
    {
      op: 'join',
      name: 'joined',
      from: 'l',
      other: 'r',
      kind,
      before,
      after,
      grace,
      joiner: 'pair',
    },
    written('joined'),
  ],
  inputs,
})

const joined = (name: string, ops: readonly Op[], ...records: readonly Mixed[]): Case => ({
  name,
  ops,
  inputs: mixed(...records),
})

const streamAndTable = (kind: 'inner' | 'left'): readonly Op[] => [
  source('stream', 'l'),
  source('table', 'r'),
  { op: 'joinTable', name: 'joined', from: 'l', other: 'r', kind, joiner: 'pair' },
  written('joined'),
]

const streamAndGlobal = (kind: 'inner' | 'left', key: string): readonly Op[] => [
  source('stream', 'l'),
  source('globalTable', 'r'),
  { op: 'joinGlobal', name: 'joined', from: 'l', other: 'r', kind, key, joiner: 'pair' },
  written('joined'),
]

const tables = (kind: Kind, store: { readonly store?: true }, joiner = 'pair'): readonly Op[] => [
  source('table', 'l'),
  source('table', 'r'),
  { op: 'joinTables', name: 'joined', from: 'l', other: 'r', kind, joiner, ...store },
  ...tableWritten('joined'),
]

const BY_FIELD = { op: 'joinForeign', name: 'joined', key: 'field:f', joiner: 'pair' } as const

const foreign = (
  kind: 'inner' | 'left',
  store: { readonly store?: true } = { store: true },
): readonly Op[] => [
  source('table', 'l'),
  source('table', 'r'),
  { ...BY_FIELD, from: 'l', other: 'r', kind, ...store },
  ...tableWritten('joined'),
]

const updates: readonly Mixed[] = [
  ['l', 5, 'a', 1],
  ['r', 3, 'a', 'x'],
  ['l', 4, 'a', 2],
  ['r', 8, 'a', 'y'],
  ['r', 6, 'b', 'z'],
  ['l', 7, 'a', null],
  ['r', 9, 'a', null],
  ['l', 9, 'a', null],
  ['l', 2, 'b', 3],
  ['r', 1, null, 'n'],
  ['r', 10, 'b', null],
  ['l', 11, 'b', null],
]

const refer = (f: string | null, n: number): Json => ({ f, n })

const references: readonly Mixed[] = [
  ['l', 1, 'a', refer('x', 1)],
  ['r', 2, 'x', 10],
  ['l', 3, 'b', refer('x', 2)],
  ['r', 4, 'y', 20],
  ['r', 3, 'x', 11],
  ['l', 5, 'a', refer('y', 3)],
  ['r', 6, 'x', null],
  ['l', 4, 'b', refer(null, 4)],
  ['l', 7, 'b', refer('z', 5)],
  ['r', 8, 'y', null],
  ['l', 9, 'a', null],
  ['l', 9, 'c', null],
  ['r', 10, 'z', 30],
  ['r', 11, null, 40],
]

const streamAndHistory = (
  kind: 'inner' | 'left',
  grace: { readonly grace?: number },
): readonly Op[] => [
  source('stream', 'l'),
  { op: 'table', name: 'r', topic: 'r', history: 20 },
  { op: 'joinTable', name: 'joined', from: 'l', other: 'r', kind, joiner: 'pair', ...grace },
  written('joined'),
]

const pastAndPresent: readonly Mixed[] = [
  ['r', 10, 'a', 'x10'],
  ['l', 12, 'a', 1],
  ['r', 15, 'a', 'x15'],
  ['l', 14, 'a', 2],
  ['l', 9, 'a', 3],
  ['r', 12, 'a', 'x12'],
  ['l', 13, 'a', 4],
  ['r', 20, 'a', null],
  ['l', 22, 'a', 5],
  ['l', 19, 'a', 6],
  ['r', 50, 'a', 'x50'],
  ['r', 25, 'a', 'late'],
  ['l', 45, 'a', 7],
  ['l', 26, 'a', 8],
  ['l', 70, 'b', 10],
  ['l', 90, 'b', 11],
]

const kinds: readonly Kind[] = ['inner', 'left', 'outer']

const a = (kind: Kind): string => (kind === 'left' ? 'a left' : `an ${kind}`)

export const joinCases: readonly Case[] = [
  streams(
    'streams join where times are exactly as far apart as the window allows, on either side',
    'inner',
    { before: 5, after: 3, grace: 50 },
    mixed(
      ['l', 20, 'a', 'l20'],
      ['r', 15, 'a', 'r15'],
      ['r', 14, 'a', 'r14'],
      ['r', 23, 'a', 'r23'],
      ['r', 24, 'a', 'r24'],
      ['l', 20, 'b', 'other'],
      ['l', 19, 'a', 'l19'],
    ),
  ),
  streams(
    'a record joins all that match, in the order of their times',
    'inner',
    { before: 10, after: 10, grace: 50 },
    mixed(
      ['l', 20, 'a', 1],
      ['l', 18, 'a', 2],
      ['l', 20, 'a', 3],
      ['l', 25, 'a', 4],
      ['r', 22, 'a', 5],
      ['r', 12, 'a', 6],
    ),
  ),
  ...kinds.map((kind) =>
    streams(
      `${a(kind)} join of streams, and records without key or value`,
      kind,
      {},
      mixed(
        ['l', 1, null, 1],
        ['r', 2, null, 2],
        ['l', 3, 'a', null],
        ['r', 4, 'a', null],
        ['l', 5, 'a', 3],
        ['r', 6, 'a', 4],
        ['l', 40, 'a', 5],
        ['r', 50, 'a', 6],
        ['r', 60, 'a', 7],
      ),
    ),
  ),
  ...kinds.map((kind) =>
    streams(
      `a record without match in ${a(kind)} join comes once its window is closed`,
      kind,
      { grace: 3 },
      mixed(
        ['l', 10, 'a', 'l10'],
        ['r', 11, 'b', 'r11'],
        ['l', 18, 'c', 'l18'],
        ['l', 19, 'c', 'l19'],
        ['r', 20, 'c', 'r20'],
        ['r', 12, 'd', 'late'],
        ['l', 60, 'e', 'l60'],
        ['r', 61, 'e', 'r61'],
        ['r', 90, 'f', 'r90'],
        ['l', 120, 'g', 'l120'],
      ),
    ),
  ),
  streams(
    'a match that comes late takes the place of the record that was held back',
    'outer',
    { grace: 10 },
    mixed(
      ['l', 10, 'a', 'l10'],
      ['r', 20, 'b', 'r20'],
      ['r', 12, 'a', 'r12'],
      ['l', 18, 'b', 'l18'],
      ['l', 60, 'c', 'l60'],
      ['r', 90, 'c', 'r90'],
    ),
  ),
  streams(
    'records held back come by their times, the left one first',
    'outer',
    { grace: 0 },
    mixed(
      ['r', 12, 'a', 'r12'],
      ['l', 12, 'b', 'l12'],
      ['l', 11, 'c', 'l11'],
      ['r', 10, 'd', 'r10'],
      ['l', 10, 'e', 'l10'],
      ['l', 50, 'f', 'l50'],
      ['r', 80, 'f', 'r80'],
    ),
  ),
  streams(
    'a look for what is over ends at the second of two records of one key and time',
    'outer',
    { grace: 3 },
    mixed(
      ['r', 104, 'a', 'r104'],
      ['l', 104, 'k', 'l104'],
      ['r', 105, 'a', 'r105'],
      ['l', 105, 'k', 'first'],
      ['l', 105, 'k', 'second'],
      ['r', 112, 'a', 'r112'],
      ['l', 112, 'k', 'l112'],
      ['r', 113, 'b', 'r113'],
      ['r', 114, 'a', 'r114'],
      ['r', 130, 'a', 'r130'],
    ),
  ),
  streams(
    'a record that comes after its window is closed has no match, at once',
    'left',
    { before: 5, after: 5, grace: 2 },
    mixed(
      ['l', 50, 'a', 'l50'],
      ['l', 43, 'a', 'l43'],
      ['l', 42, 'a', 'l42'],
      ['r', 20, 'a', 'r20'],
      ['l', 20, 'a', 'l20'],
      ['r', 60, 'a', 'r60'],
    ),
  ),
  {
    name: 'a stream joins itself',
    ops: [
      source('stream'),
      {
        op: 'join',
        name: 'joined',
        from: 'in',
        other: 'in',
        kind: 'inner',
        before: 5,
        after: 5,
        grace: 10,
        joiner: 'pair',
      },
      written('joined'),
    ],
    inputs: mixed(['in', 1, 'a', 1], ['in', 4, 'a', 2], ['in', 3, 'b', 3], ['in', 2, 'a', 4]),
  },
  {
    name: 'streams with new keys move before they join',
    ops: [
      source('stream', 'l'),
      source('stream', 'r'),
      { op: 'selectKey', name: 'l-keyed', from: 'l', key: 'nullIf:3' },
      { op: 'selectKey', name: 'r-keyed', from: 'r', key: 'valueMod:2' },
      {
        op: 'join',
        name: 'joined',
        from: 'l-keyed',
        other: 'r-keyed',
        kind: 'left',
        before: 5,
        after: 5,
        grace: 0,
        joiner: 'pair',
      },
      written('joined'),
    ],
    inputs: mixed(
      ['l', 1, 'k1', 1],
      ['r', 2, 'a', 5],
      ['l', 3, 'k1', 3],
      ['l', 4, 'k0', 4],
      ['r', 30, 'a', 5],
      ['l', 40, 'k1', 1],
    ),
  },
  joined(
    'a stream meets a table as it is, whatever the times',
    streamAndTable('inner'),
    ['l', 1, 'a', 1],
    ['r', 50, 'a', 'x'],
    ['l', 2, 'a', 2],
    ['r', 3, 'a', 'y'],
    ['l', 99, 'a', 3],
    ['r', 4, 'a', null],
    ['l', 5, 'a', 4],
  ),
  joined(
    'a stream without match in a table goes on without, if the join is a left one',
    streamAndTable('left'),
    ['l', 1, 'a', 1],
    ['r', 2, 'a', 'x'],
    ['l', 3, 'a', 2],
    ['r', 4, 'a', null],
    ['l', 5, 'a', 3],
  ),
  ...(['inner', 'left'] as const).flatMap((kind) => [
    joined(
      `${a(kind)} join with a table, and records without key or value`,
      streamAndTable(kind),
      ['r', 1, 'a', 'x'],
      ['l', 2, null, 1],
      ['l', 3, 'a', null],
      ['r', 4, null, 'y'],
      ['l', 5, null, null],
      ['l', 6, 'a', 2],
    ),
    joined(
      `${a(kind)} join with a global table goes by the key that is asked for`,
      streamAndGlobal(kind, 'field:f'),
      ['r', 9, 'x', 10],
      ['l', 1, 'a', { f: 'x' }],
      ['l', 2, null, { f: 'x' }],
      ['l', 3, 'b', { f: 'y' }],
      ['l', 4, 'b', 1],
      ['l', 5, 'b', null],
      ['r', 1, 'x', null],
      ['r', 2, null, 11],
      ['l', 6, 'a', { f: 'x' }],
    ),
    joined(`${a(kind)} join by foreign key`, foreign(kind), ...references),
    joined(`${a(kind)} join by foreign key that is not kept`, foreign(kind, {}), ...references),
  ]),
  ...kinds.flatMap((kind) => [
    joined(`${a(kind)} join of tables`, tables(kind, {}), ...updates),
    joined(`${a(kind)} join of tables that is kept`, tables(kind, { store: true }), ...updates),
    joined(
      `${a(kind)} join of tables whose joiner gives null`,
      tables(kind, {}, 'nullIf:2'),
      ...updates,
    ),
  ]),
  ...(['inner', 'left'] as const).map((kind) =>
    joined(
      `by foreign key, a table meets itself, if the join is ${kind}`,
      [
        source('table', 'l'),
        { ...BY_FIELD, from: 'l', other: 'l', kind, store: true },
        ...tableWritten('joined'),
      ],
      ['l', 1, 'a', refer('a', 1)],
      ['l', 2, 'b', refer('a', 1)],
      ['l', 3, 'a', refer(null, 2)],
      ['l', 4, 'a', refer('b', 3)],
      ['l', 5, 'b', null],
      ['l', 6, 'a', null],
    ),
  ),
  joined(
    'by foreign key, a row that keeps its key and finds nothing again is not told of',
    foreign('inner'),
    ['l', 1, 'a', refer('x', 1)],
    ['l', 2, 'a', refer('x', 2)],
    ['r', 3, 'x', 10],
    ['r', 4, 'x', null],
    ['l', 5, 'a', refer('x', 3)],
    ['l', 6, 'a', refer('y', 4)],
    ['l', 7, 'a', null],
  ),
  joined(
    'by foreign key, a row whose key was null is a new one',
    foreign('inner'),
    ['r', 1, 'x', 10],
    ['l', 2, 'a', refer(null, 1)],
    ['l', 3, 'a', refer('x', 2)],
    ['l', 4, 'a', refer(null, 3)],
    ['l', 5, 'a', refer(null, 4)],
    ['l', 6, 'a', null],
  ),
  joined(
    'by foreign key, many refer to one, which changes for all of them',
    foreign('inner'),
    ['l', 1, 'a', refer('x', 1)],
    ['l', 2, 'b', refer('x', 2)],
    ['l', 3, 'c', refer('y', 3)],
    ['r', 4, 'x', 10],
    ['r', 2, 'x', 11],
    ['r', 5, 'x', 11],
    ['r', 6, 'x', null],
    ['r', 7, 'x', null],
  ),
  joined(
    'by foreign key, an update that refers to the same one is told of again',
    foreign('left'),
    ['r', 1, 'x', 10],
    ['l', 2, 'a', refer('x', 1)],
    ['l', 1, 'a', refer('x', 1)],
    ['l', 3, 'a', refer('x', 2)],
    ['l', 4, 'a', refer('y', 2)],
    ['l', 5, 'a', refer('z', 2)],
    ['l', 6, 'a', refer(null, 2)],
    ['l', 7, 'a', null],
  ),
  ...(['inner', 'left'] as const).map((kind) =>
    joined(
      `a stream meets a table with history as it was at that time, if the join is ${kind}`,
      streamAndHistory(kind, {}),
      ...pastAndPresent,
      ['l', 91, null, 12],
    ),
  ),
  joined(
    'records wait for late updates of a table with history, and go on in the order of their times',
    streamAndHistory('left', { grace: 10 }),
    ...pastAndPresent,
  ),
  joined(
    'by foreign key, an answer to a row that has changed meanwhile is dropped',
    [
      source('stream', 'l'),
      source('table', 'r'),
      { op: 'flatMapValues', name: 'twice', from: 'l', expand: 'repeat:2' },
      { op: 'toTable', name: 'rows', from: 'twice' },
      {
        op: 'joinForeign',
        name: 'joined',
        from: 'rows',
        other: 'r',
        kind: 'left',
        key: 'valueMod:2',
        joiner: 'pair',
        store: true,
      },
      ...tableWritten('joined'),
    ],
    ['r', 1, 'k0', 'even'],
    ['l', 2, 'a', 1],
    ['l', 3, 'a', 2],
    ['r', 4, 'k1', 'odd'],
    ['l', 5, 'a', null],
  ),
  {
    name: 'a stream meets the table that was made of it, after its own update',
    ops: [
      source('stream'),
      { op: 'groupByKey', name: 'grouped', from: 'in' },
      { op: 'count', name: 'counts', from: 'grouped' },
      {
        op: 'joinTable',
        name: 'joined',
        from: 'in',
        other: 'counts',
        kind: 'left',
        joiner: 'pair',
      },
      written('joined'),
    ],
    inputs: mixed(['in', 1, 'a', 1], ['in', 2, 'a', 2], ['in', 1, 'b', 3], ['in', 3, 'a', null]),
  },
  {
    name: 'two aggregations join as tables',
    ops: [
      source('stream', 'l'),
      source('stream', 'r'),
      { op: 'groupByKey', name: 'l-grouped', from: 'l' },
      { op: 'count', name: 'l-counts', from: 'l-grouped' },
      { op: 'groupByKey', name: 'r-grouped', from: 'r' },
      { op: 'aggregate', name: 'r-sums', from: 'r-grouped', add: 'sum' },
      {
        op: 'joinTables',
        name: 'joined',
        from: 'l-counts',
        other: 'r-sums',
        kind: 'outer',
        joiner: 'pair',
      },
      ...tableWritten('joined'),
    ],
    inputs: mixed(['l', 5, 'a', 1], ['r', 3, 'a', 7], ['r', 8, 'b', 2], ['l', 1, 'b', 1]),
  },
]
