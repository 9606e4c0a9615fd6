import { expect } from 'chai'
import { requireOrSkip } from '../support/skip.ts'
import { namedCases } from './cases/index.ts'
import { checkAgainst } from './check.ts'
import { reportOf } from './found.ts'
import { KafkaStreams, missingForKafkaStreams } from './kafka-streams.ts'
import { covered } from './millrace.ts'
import { freshSeed, search } from './search.ts'

/** Continuous integration takes its time; whoever waits at a desk has `npm run test:differential`. */
const SECONDS = process.env.MILLRACE_NO_SKIP === '1' ? 120 : 10

describe("Millrace beside Kafka Streams' own TopologyTestDriver", function () {
  this.timeout((SECONDS + 120) * 1000)
  let java: KafkaStreams

  before(async function () {
    requireOrSkip(this, await missingForKafkaStreams())
    java = await KafkaStreams.start((line) => console.log(`      ${line}`))
  })

  after(() => java?.close())

  for (const one of namedCases) {
    it(`agrees: ${one.name}`, async () => {
      expect((await checkAgainst(java)(one)).join('\n')).to.equal('')
    })
  }

  it('has named cases that Kafka Streams takes', async () => {
    const refused: string[] = []
    for (const one of namedCases) {
      const { error } = await java.run(one)
      if (error !== undefined) refused.push(`${one.name}: ${error.message}`)
    }
    expect(refused).to.deep.equal([])
  })

  it(`agrees on random cases for ${SECONDS} s`, async () => {
    const seed = freshSeed()
    console.log(`      seed ${seed}`)
    const check = checkAgainst(java)
    const { cases, found } = await search({ seed, seconds: SECONDS, covered, check })
    console.log(`      ${cases} cases`)
    expect(reportOf(found, seed).join('\n')).to.equal('')
    expect(cases).to.be.greaterThan(SECONDS)
  })
})
