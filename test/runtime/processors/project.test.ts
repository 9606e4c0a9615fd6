import { expect } from 'chai'
import { operatorCases, type OperatorCase } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'

type Projection = Parameters<Parameters<NonNullable<OperatorCase['code']>>[0]['project']>[1]

const row = (
  sentence: string,
  projection: object,
  given: OperatorCase['given'][string],
  out: OperatorCase['out'][string],
): OperatorCase => ({
  sentence,
  steps: {
    steps: [{ name: 'slim', from: 'in', project: projection }],
    outputs: [{ from: 'slim', topic: 'out' }],
  },
  code: (input) => [input.project('slim', projection as Projection).to('out')],
  given: { in: given },
  out: { out },
})

describe('project', () => {
  operatorCases([
    row(
      'keeps the fields that are named and there, in the order they have',
      { keep: ['card', 'n', 'gone'] },
      [
        ['a', { n: 1, other: true, card: 'x' }],
        ['b', { other: true }],
      ],
      [
        ['a', { n: 1, card: 'x' }],
        ['b', {}],
      ],
    ),
    row(
      'drops the fields that are named',
      { drop: ['n', 'gone'] },
      [['a', { n: 1, other: { n: 2 }, card: 'x' }]],
      [['a', { other: { n: 2 }, card: 'x' }]],
    ),
    row(
      'renames fields in their place',
      { rename: { n: 'amount', gone: 'x' } },
      [['a', { card: 'x', n: 1, other: true }]],
      [['a', { card: 'x', amount: 1, other: true }]],
    ),
    row(
      'lets a renamed field take the place of one that has the name',
      { rename: { n: 'card' } },
      [
        ['a', { card: 'x', n: 1 }],
        ['b', { card: 'x' }],
      ],
      [
        ['a', { card: 1 }],
        ['b', { card: 'x' }],
      ],
    ),
    row(
      'swaps two names',
      { rename: { n: 'card', card: 'n' } },
      [['a', { card: 'x', n: 1 }]],
      [['a', { n: 'x', card: 1 }]],
    ),
    row(
      'lets a tombstone pass',
      { keep: ['n'] },
      [
        ['a', null],
        ['b', { n: 1 }],
      ],
      [
        ['a', null],
        ['b', { n: 1 }],
      ],
    ),
    {
      ...row('sets aside what has no fields', { drop: ['n'] }, [], []),
      given: {
        in: [
          ['a', [1]],
          ['b', 7],
          ['c', { n: 1 }],
        ],
      },
      out: { out: [['c', {}]] },
      bad: [/needs an object with fields, not a list/, /not a number/],
    },
  ])

  it('is refused when two fields would have one name', () => {
    expect(
      problemsOf([{ name: 'x', from: 'in', project: { rename: { a: 'c', b: 'c' } } }]),
    ).to.deep.equal(['steps[0].project.rename: two fields would be named "c"'])
  })
})
