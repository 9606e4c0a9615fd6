import { expect } from 'chai'
import {
  isDisturbed,
  isOver,
  median,
  quantile,
  ratesOf,
  ratios,
  type Sample,
  selectWindow,
  spread,
  stepsOf,
  worthCounting,
} from './statistics.ts'

const span = (inputRecords: number, warmupMs: number, windowMs = 60_000) => ({
  inputRecords,
  warmupMs,
  windowMs,
})

/** A sample a second; each entry is how many records were through by then. */
const samplesOf = (finished: readonly number[], started = finished): Sample[] =>
  finished.map((count, second) => ({
    atMs: second * 1000,
    started: started[second] ?? count,
    finished: count,
    cpuSeconds: second * 0.5,
    foreignCpuSeconds: 0,
  }))

describe('test/bench/statistics.ts', () => {
  describe('window', () => {
    it('begins when the warm-up has passed since the first record and ends with the last', () => {
      const samples = samplesOf([0, 0, 10, 20, 30, 60, 100, 100])
      const { from, to, warmedUp } = selectWindow(samples, span(100, 2000))
      expect([from.atMs, to.atMs, warmedUp]).to.deep.equal([4000, 6000, true])
    })

    it('ends with its length, whatever is left of the input', () => {
      const samples = samplesOf([0, 10, 20, 30, 40, 50, 60])
      expect(isOver(samples.slice(0, 5), span(1000, 2000, 2000))).to.equal(false)
      expect(isOver(samples, span(1000, 2000, 2000))).to.equal(true)
      const { from, to, warmedUp } = selectWindow(samples, span(1000, 2000, 2000))
      expect([from.atMs, to.atMs, warmedUp]).to.deep.equal([3000, 5000, true])
    })

    it('begins at half of the input when that comes before the end of the warm-up', () => {
      const { from, to, warmedUp } = selectWindow(
        samplesOf([0, 10, 60, 90, 100]),
        span(100, 10_000),
      )
      expect([from.atMs, to.atMs, warmedUp]).to.deep.equal([2000, 4000, false])
    })

    it('is the whole run when all of the output came between two samples', () => {
      const { from, to, warmedUp } = selectWindow(samplesOf([0, 0, 100]), span(100, 1000))
      expect([from.atMs, to.atMs, warmedUp]).to.deep.equal([1000, 2000, false])
    })

    it('goes from step to step where progress moves in steps', () => {
      const steps = stepsOf(samplesOf([0, 0, 40, 40, 40, 80, 80, 80, 120, 120]))
      expect(steps.map(({ atMs }) => atMs)).to.deep.equal([2000, 5000, 8000])
      const { from, to, warmedUp } = selectWindow(steps, span(1000, 1000, 3000))
      expect([from.atMs, to.atMs, warmedUp]).to.deep.equal([5000, 8000, true])
      expect(ratesOf({ from, to, warmedUp }).recordsPerSecond).to.be.closeTo(40 / 3, 1e-9)
    })

    it('takes two steps at least, however far they are apart', () => {
      const steps = stepsOf(samplesOf([0, 10, 10, 10, 10, 50, 50, 50, 90]))
      expect(isOver(steps.slice(0, 2), span(1000, 1000, 2000))).to.equal(false)
      const { from, to } = selectWindow(steps, span(1000, 1000, 2000))
      expect([from.atMs, to.atMs]).to.deep.equal([5000, 8000])
    })

    it('counts a step that stays alone from the start of the run on', () => {
      const samples = samplesOf([0, 0, 0, 100, 100])
      const { from, to, warmedUp } = selectWindow(stepsOf(samples), span(100, 1000))
      expect([from.atMs, to.atMs, warmedUp]).to.deep.equal([0, 3000, false])
    })

    it('is refused when the output never came', () => {
      expect(() => selectWindow(samplesOf([0, 0]), span(100, 0))).to.throw(
        'do not show the whole run',
      )
      expect(() => selectWindow(samplesOf([0, 50]), span(100, 0))).to.throw(
        'do not show the whole run',
      )
    })
  })

  it('counts records over the time and the CPU of the window', () => {
    const window = selectWindow(samplesOf([0, 20, 60, 100]), span(100, 0))
    expect(ratesOf(window)).to.deep.equal({ recordsPerSecond: 40, recordsPerCpuSecond: 80 })
  })

  it('counts each stage for a half, so that records between the two are neither lost nor a gift', () => {
    const window = selectWindow(
      samplesOf([0, 0, 10, 60, 100], [0, 20, 40, 80, 100]),
      span(100, 1000),
    )
    expect(window.from.atMs).to.equal(2000)
    expect(ratesOf(window).recordsPerSecond).to.equal((60 + 90) / 2 / 2)
  })

  for (const [foreign, disturbed] of [
    [0.09, false],
    [0.11, true],
  ] as const) {
    it(`${disturbed ? 'marks' : 'does not mark'} a run beside which others used ${foreign} of its CPU`, () => {
      const [from, to] = samplesOf([0, 0, 100]).slice(1)
      if (from === undefined || to === undefined) throw new Error('two samples are left')
      const foreignCpuSeconds = foreign * (to.cpuSeconds - from.cpuSeconds)
      const window = { from, to: { ...to, foreignCpuSeconds }, warmedUp: true }
      expect(isDisturbed(window)).to.equal(disturbed)
    })
  }

  it('finds the median of odd and even counts', () => {
    expect(median([3, 1, 2])).to.equal(2)
    expect(median([4, 1, 2, 3])).to.equal(2.5)
    expect(median([7])).to.equal(7)
  })

  it('measures the spread as a share of the median', () => {
    expect(spread([90, 100, 120])).to.be.closeTo(0.3, 1e-9)
    expect(spread([5])).to.equal(0)
  })

  it('takes the quantile that a share of values does not exceed', () => {
    const values = Float64Array.from({ length: 1000 }, (_, index) => index + 1)
    expect(quantile(values, 0.5)).to.equal(500)
    expect(quantile(values, 0.999)).to.equal(999)
    expect(quantile(values, 1)).to.equal(1000)
    expect(quantile([7], 0.5)).to.equal(7)
  })

  it('divides ours by theirs, number by number', () => {
    expect(ratios({ a: 6, b: 1 }, { a: 2, b: 4 })).to.deep.equal({ a: 3, b: 0.25 })
  })

  it('leaves disturbed rounds out while a calm one is left', () => {
    const calm = { disturbed: false }
    const loud = { disturbed: true }
    expect(worthCounting([loud, calm, loud])).to.deep.equal([calm])
    expect(worthCounting([loud, loud])).to.deep.equal([loud, loud])
  })
})
