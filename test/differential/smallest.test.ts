import { expect } from 'chai'
import type { Case } from './case.ts'
import { smallest } from './smallest.ts'
import { into, source, written } from './cases/parts.ts'

const large: Case = {
  name: 'large',
  ops: [
    source('stream'),
    source('stream', 'other'),
    { op: 'filter', name: 'some', from: 'in', where: 'all' },
    { op: 'mapValues', name: 'more', from: 'some', value: 'add:1' },
    { op: 'merge', name: 'both', from: 'some', other: 'other' },
    written('both'),
    written('more'),
  ],
  inputs: into('in', [1, 'a', 1], [2, 'b', 2], [3, 'c', 3], [4, 'd', 4], [5, 'e', 5]),
}

describe('the smallest case', () => {
  it('has no operation and no input but those that the difference needs', async () => {
    const small = await smallest(
      large,
      async ({ ops, inputs }) =>
        ops.some(({ name }) => name === 'more') && inputs.some(({ key }) => key === 'd'),
    )
    expect(small.ops.map(({ name }) => name)).to.deep.equal(['in', 'more', 'more-out'])
    expect(small.inputs).to.deep.equal(into('in', [4, 'd', 4]))
  })

  it('is the case itself where nothing can be left out', async () => {
    expect(await smallest(large, async (one) => one === large)).to.equal(large)
  })
})
