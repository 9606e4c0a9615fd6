import { expect } from 'chai'
import { BufferPool } from '../../../runtime/broker/buffer-pool.ts'

describe('runtime/broker/buffer-pool.ts', () => {
  it('gives a buffer out again to whoever wants that size', () => {
    const pool = new BufferPool(100)
    const buffer = pool.take(30)
    pool.give(buffer)
    expect(pool.take(20)).to.have.length(20)
    expect(pool.take(30)).to.equal(buffer)
    expect(pool.take(30)).not.to.equal(buffer)
  })

  it('holds no more than it may, and what came last', () => {
    const pool = new BufferPool(100)
    const [first, second] = [pool.take(60), pool.take(50)]
    pool.give(first)
    pool.give(second)
    expect(pool.take(60)).not.to.equal(first)
    expect(pool.take(50)).to.equal(second)
  })

  it('keeps nothing larger than itself', () => {
    const pool = new BufferPool(100)
    const large = pool.take(101)
    pool.give(large)
    expect(pool.take(101)).not.to.equal(large)
  })
})
