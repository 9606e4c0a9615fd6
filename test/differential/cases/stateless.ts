import type { Case } from '../case.ts'
import { into, source, tableWritten, written } from './parts.ts'

export const statelessCases: readonly Case[] = [
  {
    name: 'filter and filterNot see records without key and without value',
    ops: [
      source('stream'),
      { op: 'filter', name: 'nulls', from: 'in', where: 'isNull' },
      { op: 'filterNot', name: 'others', from: 'in', where: 'isNull' },
      written('nulls'),
      written('others'),
    ],
    inputs: into('in', [1, null, 1], [2, 'a', null], [3, null, null], [0, 'a', 'x']),
  },
  {
    name: 'map gives new keys and values, null among them, and keeps times',
    ops: [
      source('stream'),
      { op: 'map', name: 'mapped', from: 'in', key: 'field:f', value: 'nullIf:2' },
      written('mapped'),
    ],
    inputs: into('in', [5, 'a', { f: 'x', n: 1 }], [3, null, { f: 'y', n: 2 }], [9, 'b', 4]),
  },
  {
    name: 'flatMap and flatMapValues give lists in order, at the time of the record',
    ops: [
      source('stream'),
      { op: 'flatMap', name: 'keyed', from: 'in', key: 'valueMod:2', expand: 'repeat:3' },
      { op: 'flatMapValues', name: 'valued', from: 'in', expand: 'upTo:2' },
      written('keyed'),
      written('valued'),
    ],
    inputs: into('in', [7, 'a', 1], [2, 'b', 2], [3, null, 3], [4, 'c', null]),
  },
  {
    name: 'a split gives a record to the first branch that takes it',
    ops: [
      source('stream'),
      {
        op: 'split',
        name: 'parts',
        from: 'in',
        branches: [
          { name: 'large', where: 'valueAbove:5' },
          { name: 'of-a', where: 'keyIs:a' },
        ],
        otherwise: 'rest',
      },
      written('parts.large'),
      written('parts.of-a'),
      written('parts.rest'),
    ],
    inputs: into('in', [1, 'a', 9], [2, 'a', 1], [3, 'b', 1], [4, null, null]),
  },
  {
    name: 'a split without default drops what no branch takes',
    ops: [
      source('stream'),
      { op: 'split', name: 'parts', from: 'in', branches: [{ name: 'a', where: 'keyIs:a' }] },
      written('parts.a'),
    ],
    inputs: into('in', [1, 'a', 9], [2, 'b', 1]),
  },
  {
    name: 'a merge of a stream with what was made of it gives both, in the order of the topology',
    ops: [
      source('stream'),
      { op: 'mapValues', name: 'more', from: 'in', value: 'add:10' },
      { op: 'merge', name: 'both', from: 'in', other: 'more' },
      written('both'),
    ],
    inputs: into('in', [1, 'a', 1], [2, 'b', 2]),
  },
  {
    name: 'a merge of a stream with itself gives each record once',
    ops: [
      source('stream'),
      { op: 'merge', name: 'both', from: 'in', other: 'in' },
      written('both'),
    ],
    inputs: into('in', [1, 'a', 1], [2, 'b', 2]),
  },
  {
    name: 'repartition drops records without key and lets tombstones through',
    ops: [
      source('stream'),
      { op: 'selectKey', name: 'keyed', from: 'in', key: 'nullIf:2' },
      { op: 'repartition', name: 'moved', from: 'keyed' },
      written('moved'),
    ],
    inputs: into('in', [1, 'a', 1], [2, 'b', 2], [3, null, 3], [4, 'd', null]),
  },
  {
    name: 'a grouping by a new key moves through the topic that bears its name',
    ops: [
      source('stream'),
      { op: 'groupBy', name: 'by-field', from: 'in', key: 'field:f' },
      { op: 'count', name: 'counts', from: 'by-field' },
      ...tableWritten('counts'),
    ],
    inputs: into('in', [1, 'a', { f: 'x' }], [2, 'b', { f: 'x' }], [3, 'c', 1], [4, 'd', null]),
  },
  {
    name: 'a grouping by a key that was changed before moves, one by the key as it came does not',
    ops: [
      source('stream'),
      { op: 'selectKey', name: 'keyed', from: 'in', key: 'valueMod:2' },
      { op: 'groupByKey', name: 'moved', from: 'keyed' },
      { op: 'count', name: 'moved-counts', from: 'moved' },
      { op: 'groupByKey', name: 'stayed', from: 'in' },
      { op: 'count', name: 'stayed-counts', from: 'stayed' },
      ...tableWritten('moved-counts'),
      ...tableWritten('stayed-counts'),
    ],
    inputs: into('in', [1, 'a', 1], [2, 'b', 3], [3, 'a', 2]),
  },
]
