import { expect } from 'chai'
import type { Stream } from '../../../runtime/dsl/stream.ts'
import {
  type Suppression,
  untilTimeLimit,
  untilWindowCloses,
} from '../../../runtime/dsl/suppression.ts'
import { session, sliding, tumbling, type Windows } from '../../../runtime/dsl/windows.ts'
import { WindowBench } from '../../support/window-bench.ts'

interface SuppressCase {
  readonly sentence: string
  readonly windows?: Windows
  readonly until: Suppression
  readonly given: readonly string[]
  readonly out: readonly string[]
}

const cases: readonly SuppressCase[] = [
  {
    sentence: 'emits the last value of a window once it is closed, in the order of end and key',
    windows: tumbling('10ms'),
    until: untilWindowCloses(),
    given: ['b@1', 'a@2', 'b@3', 'a@9', 'a@10', 'c@25'],
    out: ['a 0-10 2 @9', 'b 0-10 2 @3', 'a 10-20 1 @10'],
  },
  {
    sentence: 'waits for the grace of the windows',
    windows: tumbling('10ms', { grace: '5ms' }),
    until: untilWindowCloses(),
    given: ['a@1', 'a@14', 'a@2', 'a@15'],
    out: ['a 0-10 2 @2'],
  },
  {
    sentence: 'forgets a session that became part of a longer one',
    windows: session('10ms'),
    until: untilWindowCloses(),
    given: ['a@0', 'a@5', 'a@30'],
    out: ['a 0-5 2 @5'],
  },
  {
    sentence: 'emits a sliding window, as Kafka Streams does, with the time of its end',
    windows: sliding('10ms'),
    until: untilWindowCloses(),
    given: ['a@20', 'a@25', 'a@50'],
    out: ['a 10-20 1 @20', 'a 15-25 2 @25', 'a 21-31 1 @25', 'a 40-50 1 @50'],
  },
  {
    sentence: 'emits a key at most once in the time limit, with its last value',
    until: untilTimeLimit('10ms'),
    given: ['a@0', 'a@5', 'b@6', 'a@9', 'b@10', 'b@16'],
    out: ['a 3 @9', 'b 3 @16'],
  },
  {
    sentence: 'emits the oldest early when more keys wait than may',
    until: untilTimeLimit('1h', { maxRecords: 2 }),
    given: ['a@1', 'b@2', 'a@3', 'c@4'],
    out: ['a 2 @3'],
  },
  {
    sentence: 'emits the oldest early when what waits takes more bytes than it may',
    until: untilTimeLimit('1h', { maxBytes: 1 }),
    given: ['a@1', 'b@2'],
    out: ['a 1 @1', 'b 1 @2'],
  },
]

const suppressed =
  ({ windows, until }: Pick<SuppressCase, 'windows' | 'until'>) =>
  (input: Stream<number>) => {
    const grouped = input.groupByKey('by-key')
    const counts =
      windows === undefined ? grouped.count('counts') : grouped.windowedBy(windows).count('counts')
    return { out: counts.suppress('final', until).toStream() }
  }

describe('suppress', () => {
  for (const { sentence, given, out, ...spec } of cases) {
    it(sentence, () => {
      const bench = new WindowBench(suppressed(spec))
      bench.feed(given)
      expect(bench.take('out')).to.deep.equal(out)
    })
  }

  it('remembers what waits when another process takes over', async () => {
    const bench = new WindowBench(
      suppressed({ windows: tumbling('10ms'), until: untilWindowCloses() }),
    )
    bench.feed(['a@1', 'b@2', 'a@12'])
    bench.commit()
    bench.feed(['a@13'])
    bench.commit()
    await bench.restart()
    bench.feed(['a@20', 'a@21'])
    expect(bench.take('out')).to.deep.equal(['a 0-10 1 @1', 'b 0-10 1 @2', 'a 10-20 2 @13'])
  })

  it('emits nothing that an earlier process has emitted', async () => {
    const bench = new WindowBench(suppressed({ until: untilTimeLimit('5ms') }))
    bench.feed(['a@1', 'b@6', 'a@7'])
    expect(bench.take('out')).to.deep.equal(['a 1 @1'])
    bench.commit()
    await bench.restart()
    bench.feed(['b@12'])
    expect(bench.take('out')).to.deep.equal(['b 2 @12', 'a 2 @7'])
  })

  it('goes on when time passes without records', async () => {
    const until = untilWindowCloses()
    const bench = new WindowBench(suppressed({ windows: tumbling('10ms'), until }), {
      idleAfterMs: 1000,
    })
    bench.feed(['a@1'])
    await bench.idle(1000)
    expect(bench.take('out')).to.deep.equal(['a 0-10 1 @1'])
  })

  it('holds back as before after a record that fails', () => {
    const bench = new WindowBench((input) => ({
      out: input
        .peek('checked', ({ value }) => {
          if (value === 7) throw new RangeError('no seven')
        })
        .groupByKey('by-key')
        .count('counts')
        .suppress('final', untilTimeLimit('10ms'))
        .toStream(),
    }))
    bench.feed(['a@0', 'a=7@50', 'a@5', 'b@10'])
    expect(bench.take('out')).to.deep.equal(['a 2 @5'])
  })

  it('of what is of no window cannot wait for windows', () => {
    expect(() => new WindowBench(suppressed({ until: untilWindowCloses() }))).to.throw(
      /waits for windows to close.*untilTimeLimit/,
    )
  })
})
