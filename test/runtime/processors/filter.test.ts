import { operatorCases } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'
import { expect } from 'chai'

describe('filter and filterNot', () => {
  operatorCases([
    {
      sentence: 'keeps what the condition is true for',
      steps: {
        steps: [{ name: 'large', from: 'in', filter: 'value.n > 500' }],
        outputs: [{ from: 'large', topic: 'out' }],
      },
      code: (input) => [input.filter('large', ({ value }) => value.n > 500).to('out')],
      given: {
        in: [
          ['a', { n: 600 }],
          ['b', { n: 500 }],
          [null, { n: 700 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 600 }],
          [null, { n: 700 }],
        ],
      },
    },
    {
      sentence: 'drops what the condition of filterNot is true for',
      steps: {
        steps: [{ name: 'small', from: 'in', filterNot: 'value.n > 500' }],
        outputs: [{ from: 'small', topic: 'out' }],
      },
      code: (input) => [input.filterNot('small', ({ value }) => value.n > 500).to('out')],
      given: {
        in: [
          ['a', { n: 600 }],
          ['b', { n: 500 }],
        ],
      },
      out: { out: [['b', { n: 500 }]] },
    },
    {
      sentence: 'asks the condition about a null value, too, and passes a tombstone on',
      steps: {
        steps: [
          { name: 'kept', from: 'in', filter: 'value == null', filterNot: 'key == "b"' },
          { name: 'dropped', from: 'in', filterNot: 'value == null' },
        ],
        outputs: [
          { from: 'kept', topic: 'out' },
          { from: 'dropped', topic: 'rest' },
        ],
      },
      code: (input) => [
        input
          .filter('kept', ({ value }) => (value as unknown) === null)
          .filterNot('kept-b', ({ key }) => key === 'b')
          .to('out'),
        input.filterNot('dropped', ({ value }) => (value as unknown) === null).to('rest'),
      ],
      given: {
        in: [
          ['a', null],
          ['b', null],
          ['c', { n: 1 }],
        ],
      },
      out: { out: [['a', null]], rest: [['c', { n: 1 }]] },
    },
    {
      sentence: 'sets aside a record that the condition cannot judge',
      steps: {
        steps: [{ name: 'small', from: 'in', filterNot: 'value.n > 500' }],
        outputs: [{ from: 'small', topic: 'out' }],
      },
      given: {
        in: [
          ['a', { n: 'many' }],
          ['b', { n: 1 }],
        ],
      },
      out: { out: [['b', { n: 1 }]] },
      bad: [/1:9: cannot compare string with number/],
    },
  ])

  it('is refused where the expression is wrong, with the place', () => {
    expect(problemsOf([{ name: 'x', from: 'in', filterNot: 'valu.n > 5' }])[0]).to.match(
      /^steps\[0\]\.filterNot: 1:1: unknown variable "valu".*Did you mean "value"/,
    )
  })
})
