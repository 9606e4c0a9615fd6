import { expect } from 'chai'
import fc from 'fast-check'
import { hopping, session, sliding, type Windows } from '../../../runtime/dsl/windows.ts'
import { WindowBench } from '../../support/window-bench.ts'

interface Event {
  readonly key: string
  readonly at: number
}

const SIZE = 10

const events = fc.array(
  fc.record({ key: fc.constantFrom('a', 'b'), at: fc.integer({ min: 0, max: 60 }) }),
  { maxLength: 25 },
)

/** Window of a key as text → its count. */
type Counts = Readonly<Record<string, number>>

/** Recomputed from all events: for each window, those within that were not late for it when they came. */
function hoppingCounts(all: readonly Event[], every: number, grace: number): Counts {
  const counts: Record<string, number> = {}
  let time = -1
  for (const { key, at } of all) {
    time = Math.max(time, at)
    for (let start = 0; start <= at; start += every) {
      const end = start + SIZE
      if (at >= end || end + grace <= time) continue
      counts[`${key} ${start}-${end}`] = (counts[`${key} ${start}-${end}`] ?? 0) + 1
    }
  }
  return counts
}

/** For each record the window that ends with it and the one that begins after it, if that has records. */
function slidingCounts(all: readonly Event[]): Counts {
  const starts = all.flatMap(({ key, at }) =>
    [Math.max(0, at - SIZE), at + 1].map((start) => ({ key, start })),
  )
  return countsOf(
    all,
    starts.map(({ key, start }) => ({ key, start, end: start + SIZE })),
  )
}

/** Records of a key of which none is further from the next than the gap. */
function sessionCounts(all: readonly Event[]): Counts {
  const spans: { key: string; start: number; end: number }[] = []
  for (const { key, at } of all.toSorted((a, b) => a.at - b.at)) {
    const last = spans.findLast((span) => span.key === key)
    if (last !== undefined && at - last.end <= SIZE) last.end = at
    else spans.push({ key, start: at, end: at })
  }
  return countsOf(all, spans)
}

const countsOf = (
  all: readonly Event[],
  spans: readonly { readonly key: string; readonly start: number; readonly end: number }[],
): Counts =>
  Object.fromEntries(
    spans
      .map(({ key, start, end }): [string, number] => [
        `${key} ${start}-${end}`,
        all.filter((one) => one.key === key && one.at >= start && one.at <= end).length,
      ])
      .filter(([, count]) => count > 0),
  )

/** The last that was said of each window. */
function lastOf(emitted: readonly string[]): Counts {
  const last = new Map<string, number | null>()
  for (const line of emitted) {
    const [key, window, value = ''] = line.split(' ')
    last.set(`${key} ${window}`, JSON.parse(value) as number | null)
  }
  return Object.fromEntries([...last].filter(([, value]) => value !== null)) as Counts
}

function emittedBy(windows: Windows, all: readonly Event[]): string[] {
  const bench = new WindowBench((input) => ({
    out: input.groupByKey('by-key').windowedBy(windows).count('counts').toStream(),
  }))
  bench.feed(all.map(({ key, at }) => `${key}@${at}`))
  return bench.take('out')
}

const agrees = (windows: Windows, recomputed: (all: readonly Event[]) => Counts) =>
  fc.assert(
    fc.property(events, (all) => {
      expect(lastOf(emittedBy(windows, all))).to.deep.equal(recomputed(all))
    }),
    { numRuns: 100 },
  )

describe('windows, whatever comes in whatever order,', () => {
  for (const [every, grace] of [
    [10, 0],
    [5, 0],
    [3, 7],
    [5, 100],
  ] as const) {
    const windows = hopping('10ms', {
      every: `${every}ms`,
      ...(grace === 0 ? {} : { grace: `${grace}ms` }),
    })
    it(`agree with a recomputation: of 10 ms every ${every} ms with ${grace} ms of grace`, () => {
      agrees(windows, (all) => hoppingCounts(all, every, grace))
    })

    it(`are emitted once, if at their close: of 10 ms every ${every} ms with ${grace} ms of grace`, () => {
      fc.assert(
        fc.property(events, (all) => {
          const end = { key: 'z', at: 1000 }
          const emitted = emittedBy({ ...windows, emit: 'OnClose' }, [...all, end])
          expect(lastOf(emitted)).to.deep.equal(hoppingCounts(all, every, grace))
          expect(new Set(emitted.map((line) => line.split(' ', 2).join())).size).to.equal(
            emitted.length,
          )
        }),
        { numRuns: 100 },
      )
    })
  }

  it('agree with a recomputation: sliding', () => {
    agrees(sliding('10ms', { grace: '1h' }), slidingCounts)
  })

  it('agree with a recomputation: sessions', () => {
    agrees(session('10ms', { grace: '1h' }), sessionCounts)
  })
})
