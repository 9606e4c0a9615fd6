import { expect } from 'chai'
import { checkEquivalence } from './equivalence.ts'

describe('runtime/fused', function () {
  this.timeout(60_000)

  it('gives what the interpreter gives: records, faults, counts and positions', () => {
    const jobs = 100
    const { fused } = checkEquivalence(jobs, Math.floor(Math.random() * 2 ** 31))
    expect(fused).to.be.greaterThan(jobs / 6)
  })
})
