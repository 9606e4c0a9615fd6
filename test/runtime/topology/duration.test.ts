import { expect } from 'chai'
import { durationMs } from '../../../runtime/topology/duration.ts'

const durations: Readonly<Record<string, number>> = {
  '500ms': 500,
  '10s': 10_000,
  '1m': 60_000,
  '1h30m': 5_400_000,
  '7d': 604_800_000,
  '1d2h3m4s5ms': 93_784_005,
}

describe('runtime/topology/duration.ts', () => {
  for (const [text, ms] of Object.entries(durations)) {
    it(`reads ${text} as ${ms} ms`, () => {
      expect(durationMs(text)).to.equal(ms)
    })
  }

  for (const text of ['', '0s', '10', '1.5h', '30m1h', '1 m', '-1s', '1w', '9999999999999d']) {
    it(`takes "${text}" for no duration`, () => {
      expect(() => durationMs(text)).to.throw(`"${text}" is no duration: write one such as 500ms`)
    })
  }
})
