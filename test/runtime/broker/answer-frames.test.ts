import { expect } from 'chai'
import fc from 'fast-check'
import { AnswerFrames } from '../../../runtime/broker/answer-frames.ts'

/** More than what is read before a size is known. */
const LARGE = 10_000

const memory = (bytes: number) => Buffer.alloc(bytes)

const framed = (answer: Uint8Array): Buffer => {
  const size = Buffer.alloc(4)
  size.writeInt32BE(answer.length)
  return Buffer.concat([size, answer])
}

/** Bytes as a socket hands them over: as much as it has, but never more than there is room for. */
function pour(frames: AnswerFrames, bytes: Buffer, pieces: readonly number[]): void {
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const length = pieces.length === 0 ? bytes.length : (pieces[piece % pieces.length] ?? 1)
    const copied = bytes.copy(frames.room(), 0, at, at + length)
    frames.fill(copied)
    at += copied
  }
}

const answerOf = (maxLength: number) => fc.uint8Array({ minLength: 4, maxLength })

describe('runtime/broker/answer-frames.ts', () => {
  it('gives answers whole, whatever pieces they come in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(answerOf(40), answerOf(LARGE)), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: LARGE }), { maxLength: 6 }),
        (answers, pieces) => {
          const got: Buffer[] = []
          pour(
            new AnswerFrames((one) => got.push(one), memory),
            Buffer.concat(answers.map(framed)),
            pieces,
          )
          expect(got).to.deep.equal(answers.map((one) => Buffer.from(one)))
        },
      ),
    )
  })

  it('lets a large answer be written where it stays', () => {
    const got: Buffer[] = []
    const frames = new AnswerFrames((one) => got.push(one), memory)
    const bytes = framed(Buffer.alloc(LARGE, 7))
    frames.fill(bytes.copy(frames.room()))
    const room = frames.room()
    frames.fill(bytes.copy(room, 0, bytes.length - room.length))
    expect(got.map(({ buffer }) => buffer)).to.deep.equal([room.buffer])
    expect(got[0]?.equals(bytes.subarray(4))).to.equal(true)
  })

  it('takes a first answer that is as large as a fetch may give', () => {
    const got: Buffer[] = []
    const answer = Buffer.alloc(64 << 20, 7)
    pour(new AnswerFrames((one) => got.push(one), memory), framed(answer), [LARGE])
    expect(got.map((one) => one.equals(answer))).to.deep.equal([true])
  })

  for (const [what, bytes, message] of [
    ['TLS', Buffer.from('15030300020246', 'hex'), 'Broker requires TLS.'],
    ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request'), 'does not speak Kafka'],
    ['a negative size', Buffer.from('ffffffff', 'hex'), 'does not speak Kafka'],
  ] as const) {
    it(`refuses ${what}`, () => {
      const frames = new AnswerFrames(() => undefined, memory)
      expect(() => pour(frames, bytes, [])).to.throw(message)
    })
  }
})
