import { expect } from 'chai'
import type { Stream } from '../../../runtime/dsl/stream.ts'
import { session, sliding, tumbling, type Windows } from '../../../runtime/dsl/windows.ts'
import { WindowBench } from '../../support/window-bench.ts'

const counts = (windows: Windows) => (input: Stream<number>) => {
  const table = input.groupByKey('by-key').windowedBy(windows).count('counts')
  return { out: table.toStream(), late: table.late() }
}

describe('state of windows', () => {
  const kinds: Readonly<Record<string, Windows>> = {
    'tumbling windows': tumbling('10ms', { grace: '5ms' }),
    'sliding windows': sliding('10ms', { grace: '5ms' }),
    sessions: session('10ms', { grace: '5ms' }),
  }

  for (const [kind, windows] of Object.entries(kinds)) {
    it(`of ${kind} is what it was when another process takes over, in the middle of a window`, async () => {
      const records = ['a@1', 'a@2', 'b@2', 'a@4', 'b@5']
      const unbroken = new WindowBench(counts(windows))
      unbroken.feed(records)
      const bench = new WindowBench(counts(windows))
      bench.feed(records.slice(0, 3))
      bench.commit()
      await bench.restart()
      bench.feed(records.slice(3))
      expect(bench.take('out')).to.deep.equal(unbroken.take('out'))
      expect(bench.streamTime).to.equal(5)
    })
  }

  it('that was not committed is built again from the records', async () => {
    const bench = new WindowBench(counts(tumbling('10ms')))
    bench.feed(['a@1'])
    bench.commit()
    bench.feed(['a@2'])
    await bench.restart()
    expect(bench.take('out')).to.deep.equal(['a 0-10 1 @1', 'a 0-10 2 @2', 'a 0-10 2 @2'])
  })

  it('does not have closed windows emitted again by another process', async () => {
    const bench = new WindowBench(counts(tumbling('10ms', { emit: 'OnClose', grace: '20ms' })))
    bench.feed(['a@1', 'a@11', 'a@35'])
    expect(bench.take('out')).to.deep.equal(['a 0-10 1 @1'])
    bench.commit()
    await bench.restart()
    bench.feed(['a@36', 'a@5'])
    expect(bench.take('out')).to.deep.equal([])
    expect(bench.take('late')).to.deep.equal(['a 0-10 1 @5'])
    bench.feed(['a@60'])
    expect(bench.take('out')).to.deep.equal(['a 10-20 1 @11', 'a 30-40 2 @36'])
  })
})

/** Counts, and fails on a record of value 0 behind the aggregate. */
const failing = (windows: Windows) => (input: Stream<number>) => ({
  out: input
    .groupByKey('by-key')
    .windowedBy(windows)
    .aggregate<number[]>('values', {
      initial: () => [],
      add: (values, { value }) => [...values, value],
      merge: (earlier, later) => [...earlier, ...later],
    })
    .toStream()
    .mapValues('checked', ({ value }) => {
      if ((value as number[] | null)?.includes(0) === true) throw new RangeError('no zero')
      return value
    }),
})

describe('a record that fails behind windows', () => {
  for (const [kind, windows] of [
    ['tumbling', tumbling('10ms')],
    ['sliding', sliding('10ms')],
    ['session', session('10ms')],
  ] as const) {
    it(`leaves ${kind} windows and their time as they were`, () => {
      const bad = new WindowBench(failing(windows))
      bad.feed(['a=5@1', 'a=0@999', 'a=7@3'])
      const good = new WindowBench(failing(windows))
      good.feed(['a=5@1', 'a=7@3'])
      expect(bad.take('out')).to.deep.equal(good.take('out'))
      expect(bad.deadLetters).to.deep.equal(['a 0: RangeError in checked'])
    })
  }

  it('fails alone when it is the result of a window that closed, and is set aside as that', () => {
    const bench = new WindowBench(failing(tumbling('10ms', { emit: 'OnClose' })))
    bench.feed(['a=0@1', 'b=5@2', 'c=6@20', 'c=7@21', 'd=8@30'])
    expect(bench.take('out')).to.deep.equal(['b 0-10 [5] @2', 'c 20-30 [6,7] @21'])
    expect(bench.deadLetters).to.deep.equal(['a [0]: RangeError in checked'])
  })
})

describe('a result that cannot be had', () => {
  it('is set aside as the state that it was to be of, and takes along neither the record that closed the window nor others', () => {
    const bench = new WindowBench((input) => ({
      out: input
        .groupByKey('by-key')
        .windowedBy(tumbling('10ms', { emit: 'OnClose' }))
        .aggregate<number, number>('sums', {
          initial: () => 0,
          add: (sum, { value }) => sum + value,
          result: (sum) => {
            if (sum > 5) throw new RangeError('too much')
            return sum
          },
        })
        .toStream(),
    }))
    bench.feed(['a=4@1', 'a=3@2', 'b=2@3', 'c=1@20', 'c=1@30'])
    expect(bench.take('out')).to.deep.equal(['b 0-10 2 @3', 'c 20-30 1 @20'])
    expect(bench.deadLetters).to.deep.equal(['a 7: RangeError in sums'])
  })
})

describe('stream time without records', () => {
  const onClose = counts(tumbling('10ms', { emit: 'OnClose' }))

  it('stands still unless told otherwise', async () => {
    const bench = new WindowBench(onClose)
    bench.feed(['a@1'])
    await bench.idle(1_000_000)
    expect(bench.take('out')).to.deep.equal([])
  })

  it('waits for as long as it is told to', async () => {
    const bench = new WindowBench(onClose, { idleAfterMs: 1000 })
    bench.feed(['a@1'])
    await bench.idle(999)
    expect(bench.streamTime).to.equal(1)
  })

  it('then goes on with the clock from the last record, and closes windows', async () => {
    const bench = new WindowBench(onClose, { idleAfterMs: 1000 })
    bench.feed(['a@1', 'b@2'])
    await bench.idle(1000)
    expect(bench.take('out')).to.deep.equal(['a 0-10 1 @1', 'b 0-10 1 @2'])
    expect(bench.streamTime).to.equal(1002)
    await bench.idle(500)
    expect(bench.streamTime).to.equal(1502)
  })

  it('makes late what comes with an earlier time after all', async () => {
    const bench = new WindowBench(onClose, { idleAfterMs: 1000 })
    bench.feed(['a@1'])
    await bench.idle(1000)
    bench.feed(['a@2'])
    expect(bench.take('late')).to.deep.equal(['a 0-10 1 @2'])
  })

  it('has nothing to go on from before the first record', async () => {
    const bench = new WindowBench(onClose, { idleAfterMs: 1000 })
    await bench.idle(5000)
    expect(bench.streamTime).to.equal(-1)
  })
})
