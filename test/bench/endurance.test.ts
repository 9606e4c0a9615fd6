import { expect } from 'chai'
import { pausedMs } from './endurance.ts'

describe('test/bench/endurance.ts', () => {
  it('adds up the pauses of the garbage collector', () => {
    const printed = [
      '[41:0x7f]    15 ms: Scavenge 4.1 (5.3) -> 3.9 (6.3) MB, pooled: 0 MB, 0.50 / 0.00 ms  (average mu = 1.000, current mu = 1.000) task;',
      '{"level":"warn","message":"something else"}',
      '[41:0x7f]    90 ms: Mark-Compact 9.0 (11.0) -> 5.0 (9.0) MB, pooled: 1 MB, 2.25 / 0.10 ms  (+ 1.0 ms in 3 steps) external memory limit;',
    ]
    expect(pausedMs(printed.join('\n'))).to.equal(2.75)
  })
})
