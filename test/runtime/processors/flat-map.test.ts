import { expect } from 'chai'
import { operatorCases } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'

describe('flatMap and flatMapValues', () => {
  operatorCases([
    {
      sentence: 'makes a record of each element, with the key, in the order of the list',
      steps: {
        steps: [{ name: 'items', from: 'in', flatMap: 'value.items' }],
        outputs: [{ from: 'items', topic: 'out' }],
      },
      code: (input) => [input.flatMapValues('items', ({ value }) => value.items).to('out')],
      given: {
        in: [
          ['a', { items: ['x', 'y'] }],
          ['b', { items: [] }],
          ['c', { items: ['z', null] }],
        ],
      },
      out: {
        out: [
          ['a', 'x'],
          ['a', 'y'],
          ['c', 'z'],
          ['c', null],
        ],
      },
    },
    {
      sentence: 'goes before map in a step, which sees each element as the value',
      steps: {
        steps: [
          {
            name: 'items',
            from: 'in',
            map: { item: 'value.item', n: 'value.n' },
            flatMap: 'value.items.map(i, {"item": i, "n": value.n})',
            filter: 'size(value.items) > 1',
          },
        ],
        outputs: [{ from: 'items', topic: 'out' }],
      },
      given: {
        in: [
          ['a', { n: 1, items: ['x'] }],
          ['b', { n: 2, items: ['y', 'z'] }],
        ],
      },
      out: {
        out: [
          ['b', { item: 'y', n: 2 }],
          ['b', { item: 'z', n: 2 }],
        ],
      },
    },
    {
      sentence: 'gives each element a key of its own, which groups move by',
      code: (input) => [
        input
          .flatMap('items', ({ value }) => value.items.map((item) => ({ key: item, value: 1 })))
          .groupByKey('per-item')
          .count('counts')
          .to('out'),
      ],
      given: {
        in: [
          ['a', { items: ['x', 'y'] }],
          ['b', { items: ['x'] }],
        ],
      },
      out: {
        out: [
          ['x', 1],
          ['y', 1],
          ['x', 2],
        ],
        'test.job-per-item-repartition': [
          ['x', 1],
          ['y', 1],
          ['x', 1],
        ],
      },
    },
    {
      sentence: 'sets a record aside that gives no list, and writes none of its elements',
      steps: {
        steps: [
          { name: 'items', from: 'in', flatMap: 'value.items' },
          { name: 'inverse', from: 'items', map: { n: '1 / value' } },
        ],
        outputs: [{ from: 'inverse', topic: 'out' }],
      },
      given: {
        in: [
          ['a', { items: 'text' }],
          ['b', { items: [1, 0] }],
          ['c', { items: null }],
          ['d', { items: [1] }],
        ],
      },
      out: { out: [['d', { n: 1 }]] },
      bad: [/flatMap answers a list, not string/, /zero/, /flatMap answers a list, not null/],
    },
    {
      sentence: 'sets a record aside for which the function returns no list',
      code: (input) => [input.flatMapValues('items', ({ value }) => value.items).to('out')],
      given: {
        in: [
          ['a', { items: 'text' }],
          ['b', {}],
          ['c', { items: null }],
          ['d', { items: [1] }],
        ],
      },
      out: { out: [['d', 1]] },
      bad: [/a list, not string/, /a list, not undefined/, /a list, not null/],
    },
  ])

  it('is refused where the expression is wrong, with the place', () => {
    expect(problemsOf([{ name: 'x', from: 'in', flatMap: 'value.items.mpa(i, i)' }])[0]).to.match(
      /^steps\[0\]\.flatMap: 1:\d+: /,
    )
  })
})
