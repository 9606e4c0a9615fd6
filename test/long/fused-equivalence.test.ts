import { checkEquivalence } from '../runtime/fused/equivalence.ts'

describe('runtime/fused, at length', function () {
  this.timeout(3_600_000)

  it('gives what the interpreter gives on a million pairs of a job and a record', function () {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const { fused, records } = checkEquivalence(16_000, seed)
    console.log(`      ${fused} jobs fused, ${records} records, seed ${seed}`)
  })
})
