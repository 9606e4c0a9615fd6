import { expect } from 'chai'
import { roundLag, shownLag } from '../../../operator/streamjob/lag.ts'

describe('operator/streamjob/lag.ts', () => {
  const rounded = [
    [0, 0],
    [7, 7],
    [99, 99],
    [104, 100],
    [123_456, 120_000],
    [999_999, 1_000_000],
  ] as const
  for (const [lag, shown] of rounded) {
    it(`shows ${lag} as ${shown}`, () => expect(roundLag(lag)).to.equal(shown))
  }

  const rows = [
    ['the first figure at once', 50, { sinceMs: 0 }, 0, 50],
    ['no new figure within 30 s', 70, { lag: 50, sinceMs: 0 }, 29_999, 50],
    ['a new figure after 30 s', 70, { lag: 50, sinceMs: 0 }, 30_000, 70],
    ['at once that it has caught up', 0, { lag: 50, sinceMs: 0 }, 1, 0],
    ['at once that it falls behind', 3, { lag: 0, sinceMs: 0 }, 1, 3],
    ['the last figure while none can be had', undefined, { lag: 50, sinceMs: 0 }, 99_999, 50],
  ] as const
  for (const [title, measured, before, now, shown] of rows) {
    it(`shows ${title}`, () => expect(shownLag(measured, before, now)).to.equal(shown))
  }
})
