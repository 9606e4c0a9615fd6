import { expect } from 'chai'
import fc from 'fast-check'
import { NUMBER_BYTES, writeNumber } from '../../../runtime/state/number-text.ts'

const written = (number: number): string => {
  const bytes = Buffer.alloc(NUMBER_BYTES + 1)
  return bytes.toString('latin1', 1, writeNumber(bytes, 1, number))
}

describe('runtime/state/number-text', () => {
  it('writes every number as JSON does', () => {
    const odd = [0, -0, 1e-6, 9.99999e-7, 999_999_999_999_999, 1e15, 1e21, 0.1 + 0.2, 5e-324, NaN]
    for (const number of [...odd, -Infinity, Number.MAX_VALUE, -Number.MAX_VALUE, -1e-5])
      expect(written(number)).to.equal(JSON.stringify(number))
    const cents = fc.tuple(fc.integer(), fc.nat(7)).map(([n, decimals]) => n / 10 ** decimals)
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.maxSafeInteger(), cents), (number) => {
        expect(written(number)).to.equal(JSON.stringify(number))
      }),
      { numRuns: 2000 },
    )
  })
})
