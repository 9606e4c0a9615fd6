import { expect } from 'chai'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { InvalidJob } from '../../../runtime/errors.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { internalTopicsOf, taskCountsOf } from '../../../runtime/topology/internal-topics.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'

const subTopologiesFor = (steps: readonly { readonly name: string }[]) =>
  subTopologiesOf(
    topologyFromSteps(
      runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
        inputs: ['two', 'five', 'also-two'].map((name) => ({ name, topic: name })),
        steps,
        outputs: [{ from: steps.at(-1)?.name, topic: 'out' }],
      }),
    ).topology,
    'app',
  )

const partitions = new Map([
  ['two', 2],
  ['five', 5],
  ['also-two', 2],
])

/** Repartition topic → partitions. */
const repartitionTopics = (steps: readonly { readonly name: string }[]) =>
  Object.fromEntries(
    internalTopicsOf(subTopologiesFor(steps), partitions)
      .filter(({ name }) => name.endsWith('-repartition'))
      .map((topic) => [topic.name, topic.partitions]),
  )

const joined = (stream: string, from = 'two', more: object = {}) => ({
  name: 'joined',
  from,
  join: { stream, as: 'x', within: '1m', ...more },
})
const moved = (from: string, repartition: object = {}) => ({ name: 'moved', from, repartition })

describe('runtime/topology/co-partitioning.ts', () => {
  it('takes two topics of one partition count', () => {
    expect(taskCountsOf(subTopologiesFor([joined('also-two')]), partitions).get(0)).to.equal(2)
  })

  it('refuses to join topics of different partition counts, and says what to do', () => {
    expect(() => taskCountsOf(subTopologiesFor([joined('five')]), partitions)).to.throw(
      InvalidJob,
      /"joined": joins topics of different partition counts: two \(2\), five \(5\); .*repartition: /,
    )
  })

  it('says so once for a join, though it has two sides', () => {
    let message = ''
    try {
      taskCountsOf(subTopologiesFor([joined('five')]), partitions)
    } catch (error) {
      message = (error as Error).message
    }
    expect(message.match(/joins topics/g)).to.have.length(1)
  })

  it('gives a repartition topic as many partitions as the topic that its records meet', () => {
    expect(repartitionTopics([moved('two'), joined('five', 'moved')])).to.deep.equal({
      'app-moved-repartition': 5,
    })
    expect(repartitionTopics([moved('five'), joined('two', 'moved')])).to.deep.equal({
      'app-moved-repartition': 2,
    })
    expect(repartitionTopics([joined('five', 'two', { by: 'value.id' })])).to.deep.equal({
      'app-joined-left-repartition': 5,
    })
  })

  it('gives two repartition topics that meet as many as the one that would have more', () => {
    const both = { by: 'value.id', otherBy: 'value.id' }
    expect(repartitionTopics([joined('five', 'two', both)])).to.deep.equal({
      'app-joined-left-repartition': 5,
      'app-joined-right-repartition': 5,
    })
  })

  it('gives one as many as the other says', () => {
    const steps = [
      moved('two', { partitions: 3 }),
      joined('five', 'moved', { otherBy: 'value.id' }),
    ]
    expect(repartitionTopics(steps)).to.deep.equal({
      'app-moved-repartition': 3,
      'app-joined-right-repartition': 3,
    })
  })

  it('refuses a partition count that the other side does not have', () => {
    const steps = [moved('two', { partitions: 3 }), joined('five', 'moved')]
    expect(() => taskCountsOf(subTopologiesFor(steps), partitions)).to.throw(
      InvalidJob,
      /app-moved-repartition \(3\), five \(5\)|five \(5\), app-moved-repartition \(3\)/,
    )
  })

  it('goes through joins of joins: all that meets has as many partitions', () => {
    const steps = [
      joined('also-two', 'two', { by: 'value.id' }),
      { ...joined('five', 'joined', { otherBy: 'value.id' }), name: 'again' },
    ]
    expect(repartitionTopics(steps)).to.deep.equal({
      'app-joined-left-repartition': 2,
      'app-again-right-repartition': 2,
    })
  })
})
