import { expect } from 'chai'
import { hopping, session, sliding, stream, tumbling } from '../../../runtime/index.ts'

describe('runtime/dsl/windows.ts', () => {
  const refused: readonly (readonly [title: string, make: () => unknown, message: RegExp])[] = [
    [
      'an option that there is none of',
      () => tumbling('1m', { grase: '10s' } as never),
      /^a tumbling window has no option "grase": there are grace and emit\. Did you mean "grace"\?$/,
    ],
    [
      'steps where windows do not overlap',
      () => session('1m', { every: '10s' } as never),
      /^a session window has no option "every"/,
    ],
    [
      'a strategy that there is none of',
      () => hopping('1h', { every: '1m', emit: 'onClose' as never }),
      /^a hopping window emits OnUpdate, OnCommit or OnClose, not "onClose"\. Did you mean "OnClose"\?$/,
    ],
    [
      'the strategy of windows for an aggregate without any',
      () =>
        stream('in')
          .groupByKey('g')
          .count('n', { emit: 'OnClose' as never }),
      /^the aggregate "n" emits OnUpdate or OnCommit, not "OnClose"\.$/,
    ],
  ]
  for (const [title, make, message] of refused) {
    it(`refuses ${title}`, () => expect(make).to.throw(message))
  }

  it('gives windows what they are told', () => {
    expect(sliding('10s', { emit: 'OnClose', grace: '1s' })).to.deep.equal({
      sliding: '10s',
      emit: 'OnClose',
      grace: '1s',
    })
  })
})
