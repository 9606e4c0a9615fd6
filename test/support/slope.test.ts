import { expect } from 'chai'
import { slopeOf } from './slope.ts'

describe('test/support/slope.ts', () => {
  const rows = [
    ['a line', [1, 3, 5, 7], 2],
    ['what goes down', [6, 4, 2], -2],
    ['what stays', [4, 4, 4, 4], 0],
    ['what goes up and down around a line', [0, 2, 1, 3, 2, 4], 0.6285],
    ['a single point', [1], NaN],
  ] as const
  for (const [what, values, slope] of rows) {
    it(`tells the slope of ${what}`, () => {
      const found = slopeOf(values.map((y, x) => ({ x, y })))
      if (Number.isNaN(slope)) expect(found).to.be.NaN
      else expect(found).to.be.closeTo(slope, 0.001)
    })
  }
})
