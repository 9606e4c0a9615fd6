import { expect } from 'chai'
import { hopping, session, sliding, tumbling, type Windows } from '../../../runtime/dsl/windows.ts'
import { WindowBench } from '../../support/window-bench.ts'

/** One sentence about counts by key and window; records as `WindowBench` writes them. */
interface WindowCase {
  readonly sentence: string
  readonly windows: Windows
  readonly given: readonly string[]
  readonly out: readonly string[]
  readonly late?: readonly string[]
  readonly nullKeys?: number
  readonly nullValues?: number
}

const tumblingCases: readonly WindowCase[] = [
  {
    sentence:
      'counts each window of a key apart, and tells of each update at the time of its latest record',
    windows: tumbling('10ms'),
    given: ['a@1', 'b@2', 'a@5', 'a@3', 'a@10'],
    out: ['a 0-10 1 @1', 'b 0-10 1 @2', 'a 0-10 2 @5', 'a 0-10 3 @5', 'a 10-20 1 @10'],
  },
  {
    sentence: 'has windows that begin at multiples of their size',
    windows: tumbling('10ms'),
    given: ['a@1234567'],
    out: ['a 1234560-1234570 1 @1234567'],
  },
  {
    sentence: 'closes a window, without grace, with the time at which it ends',
    windows: tumbling('10ms'),
    given: ['a@9', 'b@10', 'a@9'],
    out: ['a 0-10 1 @9', 'b 10-20 1 @10'],
    late: ['a 0-10 1 @9'],
  },
  {
    sentence: 'takes a record until grace has passed',
    windows: tumbling('10ms', { grace: '5ms' }),
    given: ['b@14', 'a@9'],
    out: ['b 10-20 1 @14', 'a 0-10 1 @9'],
  },
  {
    sentence: 'takes none at the very edge of grace',
    windows: tumbling('10ms', { grace: '5ms' }),
    given: ['b@15', 'a@9'],
    out: ['b 10-20 1 @15'],
    late: ['a 0-10 1 @9'],
  },
  {
    sentence: 'goes by the time of all keys',
    windows: tumbling('10ms'),
    given: ['a@5', 'b@25', 'a@15'],
    out: ['a 0-10 1 @5', 'b 20-30 1 @25'],
    late: ['a 10-20 1 @15'],
  },
  {
    sentence:
      'counts a record without value, as Kafka Streams does, and leaves out one without key',
    windows: tumbling('10ms'),
    given: ['a=null@1', '@2', 'a@3'],
    out: ['a 0-10 1 @1', 'a 0-10 2 @3'],
    nullKeys: 1,
  },
  {
    sentence: 'emits a window once, when it closes, if it is to',
    windows: tumbling('10ms', { emit: 'OnClose' }),
    given: ['a@1', 'b@2', 'a@3', 'a@9', 'a@10', 'c@25'],
    out: ['a 0-10 3 @9', 'b 0-10 1 @2', 'a 10-20 1 @10'],
  },
  {
    sentence: 'emits, when time leaps, all windows that it closes, in the order of time and key',
    windows: tumbling('10ms', { emit: 'OnClose', grace: '20ms' }),
    given: ['b@11', 'c@5', 'a@12', 'b@3', 'a@1000'],
    out: ['b 0-10 1 @3', 'c 0-10 1 @5', 'a 10-20 1 @12', 'b 10-20 1 @11'],
  },
  {
    sentence: 'emits a window once grace has passed, with what came late',
    windows: tumbling('10ms', { emit: 'OnClose', grace: '5ms' }),
    given: ['a@1', 'a@14', 'a@2', 'a@15', 'a@3'],
    out: ['a 0-10 2 @2'],
    late: ['a 0-10 1 @3'],
  },
]

const hoppingCases: readonly WindowCase[] = [
  {
    sentence: 'adds a record to each window that holds it, the earliest first',
    windows: hopping('10ms', { every: '5ms' }),
    given: ['a@12', 'a@17'],
    out: ['a 5-15 1 @12', 'a 10-20 1 @12', 'a 10-20 2 @17', 'a 15-25 1 @17'],
  },
  {
    sentence: 'has no window that begins before the epoch',
    windows: hopping('10ms', { every: '5ms' }),
    given: ['a@0', 'a@7'],
    out: ['a 0-10 1 @0', 'a 0-10 2 @7', 'a 5-15 1 @7'],
  },
  {
    sentence:
      'takes a record that is late for one of its windows into the others, and says which it missed',
    windows: hopping('10ms', { every: '5ms' }),
    given: ['b@15', 'a@12', 'a@7'],
    out: ['b 10-20 1 @15', 'b 15-25 1 @15', 'a 10-20 1 @12'],
    late: ['a 5-15 1 @12', 'a 0-10 1 @7', 'a 5-15 1 @7'],
  },
  {
    sentence: 'need not begin a whole number of times in a window',
    windows: hopping('10ms', { every: '4ms' }),
    given: ['a@9'],
    out: ['a 0-10 1 @9', 'a 4-14 1 @9', 'a 8-18 1 @9'],
  },
  {
    sentence: 'emits each window as it closes, if it is to',
    windows: hopping('10ms', { every: '5ms', emit: 'OnClose' }),
    given: ['a@7', 'a@12', 'a@15', 'a@30'],
    out: ['a 0-10 1 @7', 'a 5-15 2 @12', 'a 10-20 2 @15', 'a 15-25 1 @15'],
  },
]

const slidingCases: readonly WindowCase[] = [
  {
    sentence:
      'has a window that ends with each record, and one that begins after those that others follow',
    windows: sliding('10ms', { grace: '100ms' }),
    given: ['a@20', 'a@25'],
    out: ['a 10-20 1 @20', 'a 21-31 1 @25', 'a 15-25 2 @25'],
  },
  {
    sentence: 'holds both ends of a window',
    windows: sliding('10ms', { grace: '100ms' }),
    given: ['a@20', 'a@30', 'a@42'],
    out: ['a 10-20 1 @20', 'a 21-31 1 @30', 'a 20-30 2 @30', 'a 32-42 1 @42'],
  },
  {
    sentence:
      'tells twice, as Kafka Streams does, of a window that ends with a record and begins after the one before',
    windows: sliding('10ms', { grace: '100ms' }),
    given: ['a@20', 'a@30', 'a@41'],
    out: ['a 10-20 1 @20', 'a 21-31 1 @30', 'a 20-30 2 @30', 'a 31-41 1 @41', 'a 31-41 1 @41'],
  },
  {
    sentence: 'adds a record of the same time to the windows that there are',
    windows: sliding('10ms', { grace: '100ms' }),
    given: ['a@20', 'a@20'],
    out: ['a 10-20 1 @20', 'a 10-20 2 @20'],
  },
  {
    sentence:
      'adds a record that comes out of order to the later windows first, and makes those that lack',
    windows: sliding('10ms', { grace: '100ms' }),
    given: ['a@20', 'a@30', 'a@25'],
    out: [
      'a 10-20 1 @20',
      'a 21-31 1 @30',
      'a 20-30 2 @30',
      'a 21-31 2 @30',
      'a 20-30 3 @30',
      'a 15-25 2 @25',
      'a 26-36 1 @30',
    ],
  },
  {
    sentence:
      'has one window from the epoch on for all records before the first that could end a whole one',
    windows: sliding('10ms', { grace: '100ms' }),
    given: ['a@3', 'a@5', 'a@12'],
    out: [
      'a 0-10 1 @3',
      'a 4-14 1 @5',
      'a 0-10 2 @5',
      'a 4-14 2 @12',
      'a 6-16 1 @12',
      'a 2-12 3 @12',
    ],
  },
  {
    sentence:
      'leaves out a record whose window has closed, even if a later one could still hold it',
    windows: sliding('10ms', { grace: '5ms' }),
    given: ['b@100', 'a@85', 'a@84'],
    out: ['b 90-100 1 @100'],
    late: ['a 75-85 1 @85', 'a 74-84 1 @84'],
  },
  {
    sentence: 'leaves out records without key and those without value',
    windows: sliding('10ms', { grace: '5ms' }),
    given: ['@20', 'a=null@20', 'a@20'],
    out: ['a 10-20 1 @20'],
    nullKeys: 1,
    nullValues: 1,
  },
  {
    sentence:
      'emits a window after its end, if it is to, though the next begins with what it holds',
    windows: sliding('10ms', { emit: 'OnClose' }),
    given: ['a@20', 'a@25', 'a@26', 'a@50'],
    out: ['a 10-20 1 @20', 'a 15-25 2 @25', 'a 16-26 3 @26', 'a 21-31 2 @26', 'a 26-36 1 @26'],
  },
]

const sessionCases: readonly WindowCase[] = [
  {
    sentence: 'lets a session grow, and says first that the shorter one is gone',
    windows: session('10ms'),
    given: ['a@0', 'a@5'],
    out: ['a 0-0 1 @0', 'a 0-0 null @0', 'a 0-5 2 @5'],
  },
  {
    sentence: 'begins another session after a longer gap',
    windows: session('10ms'),
    given: ['a@0', 'a@11'],
    out: ['a 0-0 1 @0', 'a 11-11 1 @11'],
  },
  {
    sentence: 'makes one of two sessions that a record bridges',
    windows: session('10ms', { grace: '100ms' }),
    given: ['a@0', 'a@20', 'a@10'],
    out: ['a 0-0 1 @0', 'a 20-20 1 @20', 'a 0-0 null @0', 'a 20-20 null @20', 'a 0-20 3 @20'],
  },
  {
    sentence: 'replaces the session of a single time where it stands',
    windows: session('10ms'),
    given: ['a@5', 'a@5'],
    out: ['a 5-5 1 @5', 'a 5-5 2 @5'],
  },
  {
    sentence:
      'says of a session that takes a record within it that it is gone, as Kafka Streams does',
    windows: session('10ms'),
    given: ['a@0', 'a@8', 'a@5'],
    out: ['a 0-0 1 @0', 'a 0-0 null @0', 'a 0-8 2 @8', 'a 0-8 null @8', 'a 0-8 3 @8'],
  },
  {
    sentence: 'takes a record as long as the session that it would be in is open',
    windows: session('10ms', { grace: '5ms' }),
    given: ['b@99', 'a@85', 'a@84'],
    out: ['b 99-99 1 @99', 'a 85-85 1 @85', 'a 85-85 null @85', 'a 84-85 2 @85'],
  },
  {
    sentence: 'names, of a record that is too late, the session that it would have been',
    windows: session('10ms', { grace: '5ms' }),
    given: ['b@100', 'a@84'],
    out: ['b 100-100 1 @100'],
    late: ['a 84-84 1 @84'],
  },
  {
    sentence: 'counts a record without value, and leaves out one without key',
    windows: session('10ms'),
    given: ['a=null@0', '@1'],
    out: ['a 0-0 1 @0'],
    nullKeys: 1,
  },
  {
    sentence: 'closes a session for good once it is emitted, though a late record would reach it',
    windows: session('10ms', { emit: 'OnClose' }),
    given: ['a@0', 'b@11', 'a@5', 'c@40'],
    out: ['a 0-0 1 @0', 'a 5-5 1 @5', 'b 11-11 1 @11'],
  },
  {
    sentence: 'emits a session once, after the gap, if it is to',
    windows: session('10ms', { emit: 'OnClose' }),
    given: ['a@0', 'a@5', 'b@6', 'c@15', 'c@16', 'c@17', 'c@40'],
    out: ['a 0-5 2 @5', 'b 6-6 1 @6', 'c 15-17 3 @17'],
  },
]

const all = {
  tumbling: tumblingCases,
  hopping: hoppingCases,
  sliding: slidingCases,
  session: sessionCases,
}

for (const [kind, cases] of Object.entries(all)) {
  describe(`${kind} windows`, () => {
    for (const { sentence, windows, given, out, late = [], nullKeys, nullValues } of cases) {
      it(sentence, () => {
        const bench = counting(windows)
        bench.feed(given)
        expect(bench.take('out')).to.deep.equal(out)
        expect(bench.take('late')).to.deep.equal(late)
        expect(bench.deadLetters).to.deep.equal([])
        const reasons = { late: late.length, 'null-key': nullKeys, 'null-value': nullValues }
        const counted = Object.entries(reasons).filter(([, count]) => (count ?? 0) > 0)
        expect(bench.dropped['counts'] ?? {}).to.deep.equal(Object.fromEntries(counted))
      })
    }
  })
}

function counting(windows: Windows): WindowBench {
  return new WindowBench((input) => {
    const counts = input.groupByKey('by-key').windowedBy(windows).count('counts')
    return { out: counts.toStream(), late: counts.late() }
  })
}
