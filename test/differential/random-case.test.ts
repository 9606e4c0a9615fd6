import { expect } from 'chai'
import fc from 'fast-check'
import { namedCases } from './cases/index.ts'
import { type Feature, featuresOf, lackingOf } from './features.ts'
import { randomCase } from './random-case.ts'

/** All that the named cases have between them: all that there is. */
const everything = new Set(namedCases.flatMap(({ ops }) => [...featuresOf(ops)]))

/**
 * What only named cases have. Kafka Streams does not know the old rows of a result that is not kept, and has a table with
 * history on disk alone, where a case takes a hundred times as long.
 */
const NOT_DRAWN: readonly Feature[] = [
  'table.history',
  'table.joinForeign.inner',
  'table.joinForeign.left',
]

describe('random cases', () => {
  it('have no operation that is not covered', () => {
    const some = new Set([
      ...['stream', 'stream.to', 'table.toStream'],
      ...['stream.filter', 'stream.groupBy', 'grouped.count'],
    ])
    fc.assert(
      fc.property(randomCase(some), ({ ops }) => {
        expect(lackingOf(ops, some)).to.deep.equal([])
      }),
    )
  })

  it('have every operation, sooner or later', () => {
    const seen = new Set<Feature>()
    const cases = fc.sample(randomCase(everything), { numRuns: 8000, seed: 1 })
    for (const { ops } of cases) for (const feature of featuresOf(ops)) seen.add(feature)
    const missing = [...everything].filter((feature) => !seen.has(feature))
    expect(missing.filter((feature) => !NOT_DRAWN.includes(feature))).to.deep.equal([])
  })

  it('read topics that the topology has', () => {
    fc.assert(
      fc.property(randomCase(everything), ({ ops, inputs }) => {
        const topics = ops.flatMap((op) => ('topic' in op && op.op !== 'to' ? [op.topic] : []))
        for (const { topic } of inputs) expect(topics).to.include(topic)
      }),
    )
  })

  it('are the same for the same seed', () => {
    const draw = () => fc.sample(randomCase(everything), { numRuns: 20, seed: 7 })
    expect(draw()).to.deep.equal(draw())
  })
})
