import { expect } from 'chai'
import fc from 'fast-check'
import { AnswerPool } from '../../../runtime/broker/answer-pool.ts'
import { splitBatches } from '../../../runtime/broker/record-batch.ts'
import { batchOf, oddRecords } from '../../support/sample-records.ts'

const BATCH = batchOf(oddRecords, 'none')
const BATCHES = Math.ceil((70 * 1024) / BATCH.length)

/** An answer of batches, as a socket leaves it. */
function answer(pool: AnswerPool) {
  const bytes = pool.take(BATCHES * BATCH.length)
  for (let at = 0; at < bytes.length; at += BATCH.length) BATCH.copy(bytes, at)
  return { memory: bytes.buffer, batches: splitBatches(bytes) }
}

describe('runtime/broker/answer-pool.ts', () => {
  it('gives memory out again once every batch that was lent of it is released', () => {
    const pool = new AnswerPool()
    const { memory, batches } = answer(pool)
    const [dropped, last, ...others] = batches
    pool.lend(batches.filter((batch) => batch !== dropped))
    for (const batch of others) batch.release()
    for (const batch of others) batch.release()
    expect(answer(pool).memory).not.to.equal(memory)
    last?.release()
    expect(answer(pool).memory).to.equal(memory)
  })

  it('leaves memory alone of which somebody may hold a view', () => {
    const pool = new AnswerPool()
    const { memory, batches } = answer(pool)
    pool.lend(batches)
    batches[0]?.columns()
    for (const batch of batches) batch.release()
    expect(answer(pool).memory).not.to.equal(memory)
  })

  it('never gives out what is still lent, whoever returns what and when', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 200 }), (choices) => {
        const pool = new AnswerPool()
        const out: { memory: ArrayBufferLike; left: ReturnType<typeof answer>['batches'] }[] = []
        for (const choice of choices) {
          const one = out[choice % (out.length + 1)]
          if (one === undefined) {
            const { memory, batches } = answer(pool)
            expect(out.filter(({ left }) => left.length > 0).map((o) => o.memory)).not.to.include(
              memory,
            )
            const lent = batches.slice(0, 3)
            pool.lend(lent)
            out.push({ memory, left: lent })
          } else one.left.pop()?.release()
        }
      }),
    )
  })

  it('keeps nothing of small answers, which may share memory with others', () => {
    const pool = new AnswerPool()
    const bytes = pool.take(BATCH.length)
    BATCH.copy(bytes)
    const batches = splitBatches(bytes)
    pool.lend(batches)
    batches[0]?.release()
    expect(pool.take(BATCH.length).equals(bytes)).to.equal(false)
  })
})
