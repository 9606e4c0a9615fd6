import { expect } from 'chai'
import { PaymentMaker, REGIONS } from './payments.ts'

describe('test/bench/payments.ts', () => {
  for (const bytes of [100, 1024]) {
    it(`makes JSON of exactly ${bytes} bytes`, () => {
      const maker = new PaymentMaker(bytes)
      for (const id of [0, 1_000_000, 9_999_999_999_999]) {
        const { json, amount } = maker.next(id)
        expect(Buffer.byteLength(json)).to.equal(bytes)
        const value = JSON.parse(json) as { id: number; amount: number; region: string }
        expect(value).to.include({ id, amount })
        expect(REGIONS).to.include(value.region)
      }
    })
  }

  it('makes the same payments every time', () => {
    const make = () => {
      const maker = new PaymentMaker(200)
      return Array.from({ length: 50 }, (_, id) => maker.next(id))
    }
    expect(make()).to.deep.equal(make())
  })

  it('says what to write when a payment does not fit', () => {
    expect(() => new PaymentMaker(50).next(1)).to.throw('write 100 or more')
  })
})
