import { expect } from 'chai'
import { backoffMs } from '../../../operator/engine/backoff.ts'
import { type Verdict, withConditions } from '../../../operator/engine/conditions.ts'

const at = (second: number) => ({ now: Date.UTC(2026, 0, 1, 0, 0, second), generation: 3 })
const ready = (status: 'True' | 'False', message = ''): Verdict => ({
  type: 'Ready',
  status,
  reason: status === 'True' ? 'Ready' : 'NotAvailable',
  message,
})

describe('operator/engine/conditions.ts', () => {
  it('moves the time of a condition only when its status changes', () => {
    const first = withConditions([], [ready('False', 'a')], at(1))
    const same = withConditions(first, [ready('False', 'b')], at(2))
    expect(same[0]).to.include({ message: 'b', lastTransitionTime: '2026-01-01T00:00:01Z' })
    const changed = withConditions(same, [ready('True')], at(3))
    expect(changed[0]).to.include({ lastTransitionTime: '2026-01-01T00:00:03Z' })
  })

  it('shows what is abnormal only while it is', () => {
    const stalled = (status: 'True' | 'False'): Verdict => ({
      type: 'Stalled',
      status,
      reason: 'CrashLoop',
      message: '',
    })
    expect(withConditions([], [stalled('True')], at(1))).to.have.length(1)
    expect(withConditions([], [stalled('False')], at(1))).to.have.length(0)
  })

  it('cuts a message at what the schema allows', () => {
    const [condition] = withConditions([], [ready('False', 'x'.repeat(5000))], at(1))
    expect(condition?.message).to.have.length(1024)
  })
})

describe('operator/engine/backoff.ts', () => {
  const rows = [
    [1, 1000],
    [2, 2000],
    [4, 8000],
    [20, 300_000],
  ] as const
  for (const [attempt, ms] of rows) {
    it(`waits ${ms} ms before try ${attempt}, or a little less`, () => {
      expect(backoffMs(attempt, () => 0)).to.equal(ms)
      expect(backoffMs(attempt, () => 1)).to.equal(ms * 0.8)
    })
  }
})
