import { expect } from 'chai'
import { failureLine, totalsLine } from './reporter.ts'

describe('test/support/reporter.ts', () => {
  it('closes with the counts that machines read', () => {
    expect(totalsLine({ passed: 3, failed: 0, skipped: 0 })).to.equal('3 passed, 0 failed')
  })

  it('names skipped tests only when there are some', () => {
    expect(totalsLine({ passed: 1, failed: 2, skipped: 4 })).to.equal(
      '1 passed, 2 failed, 4 skipped',
    )
  })

  it('says in one line what failed, and the first line of why', () => {
    const error = new Error('expected 3 to equal 4\n+ 3\n- 4')
    expect(failureLine('a job goes on', error)).to.equal('a job goes on: expected 3 to equal 4')
  })
})
