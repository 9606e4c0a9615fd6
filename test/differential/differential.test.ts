import { expect } from 'chai'
import { requireOrSkip } from '../support/skip.ts'
import type { Case } from './case.ts'
import { namedCases } from './cases/index.ts'
import { checkAgainst, isCovered, mustAgree } from './check.ts'
import { KafkaStreams, missingForKafkaStreams } from './kafka-streams.ts'
import { covered } from './millrace.ts'
import { freshSeed, search } from './search.ts'

const SECONDS = 10

describe("Millrace beside Kafka Streams' own TopologyTestDriver", function () {
  this.timeout((SECONDS + 120) * 1000)
  let java: KafkaStreams

  before(async function () {
    requireOrSkip(this, await missingForKafkaStreams())
    java = await KafkaStreams.start((line) => console.log(`      ${line}`))
  })

  after(() => java?.close())

  const check = (one: Case) => checkAgainst(java)(one)

  for (const one of namedCases.filter(isCovered).filter(mustAgree)) {
    it(`agrees: ${one.name}`, async () => {
      expect((await check(one)).join('\n')).to.equal('')
    })
  }

  it('has named cases that Kafka Streams takes, those that Millrace cannot run yet as well', async () => {
    const refused: string[] = []
    for (const one of namedCases) {
      const { error } = await java.run(one)
      if (error !== undefined) refused.push(`${one.name}: ${error.message}`)
    }
    expect(refused).to.deep.equal([])
    const waiting = namedCases.filter((one) => !isCovered(one)).length
    console.log(`      ${waiting} of ${namedCases.length} named cases wait for their operations`)
  })

  it(`agrees on random cases for ${SECONDS} s`, async () => {
    const seed = freshSeed()
    console.log(`      seed ${seed}`)
    const { cases, found } = await search({ seed, seconds: SECONDS, covered, check })
    console.log(`      ${cases} cases`)
    expect(found.map(({ case: one, differences }) => ({ one, differences }))).to.deep.equal([])
    expect(cases).to.be.greaterThan(SECONDS)
  })
})
