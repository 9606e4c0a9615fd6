import { expect } from 'chai'
import { namedCases } from './cases/index.ts'
import { deliberateDifference } from './deliberate.ts'
import { lackingOf } from './features.ts'
import { covered } from './millrace.ts'

describe('the named cases', () => {
  it('have a name each', () => {
    const names = namedCases.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).to.deep.equal([])
  })

  for (const one of namedCases) {
    it(`can run, and both sides must agree: ${one.name}`, () => {
      expect(lackingOf(one.ops, covered)).to.deep.equal([])
      expect(deliberateDifference(one)).to.equal(undefined)
    })
  }
})
