import { type Code, type CodeWriter, type Constant, NotFusable } from './code.ts'
import { kind } from './kernel.ts'

/** True for `kind.number` and `kind.unwritten` alone. */
export const isNumber = (is: string): string => `(${is} & 6) === 4`

/** The bytes of a slot as the first three arguments of a function of `texts.ts`. */
export const text = (writer: CodeWriter, slot: number): string =>
  `bytes, ${writer.start(slot)}, ${writer.end(slot)}`

/** The code of `a == b`. Values of different types are not equal, which is no fault; a missing field is one. */
export function equality(writer: CodeWriter, a: Code, b: Code): string {
  if (a.type === 'slot') {
    return b.type === 'slot' ? equalSlots(writer, a.slot, b.slot) : equalsSlot(writer, a.slot, b)
  }
  if (b.type === 'slot') return equalsSlot(writer, b.slot, a)
  if (a.type === 'constant' && b.type === 'constant') throw new NotFusable()
  return `${plain(a, b)} === ${plain(b, a)}`
}

/** A side that is no slot, if the other one is of its type. */
function plain(side: Code, other: Code): string {
  const type = typeOf(side)
  if (type === undefined || type !== typeOf(other)) throw new NotFusable()
  return side.type === 'constant' ? `(${String(side.value)})` : (side as { text: string }).text
}

function typeOf(code: Code): 'number' | 'bool' | undefined {
  if (code.type === 'number' || code.type === 'bool') return code.type
  if (code.type !== 'constant') return undefined
  if (typeof code.value === 'number') return 'number'
  return typeof code.value === 'boolean' ? 'bool' : undefined
}

function equalsSlot(
  writer: CodeWriter,
  slot: number,
  other: Exclude<Code, { type: 'slot' }>,
): string {
  const is = writer.kind(slot)
  if (other.type === 'constant') return equalsConstant(writer, slot, other.value)
  if (other.type === 'bool') {
    writer.doubtIf(`${is} === ${kind.absent}`)
    return `(${is} === (${other.text} ? ${kind.true} : ${kind.false}))`
  }
  writer.doubtIf(`${is} === ${kind.absent} || ${is} === ${kind.longNumber}`)
  return `(${isNumber(is)} && ${writer.number(slot)} === ${other.text})`
}

function equalsConstant(writer: CodeWriter, slot: number, value: Constant): string {
  const is = writer.kind(slot)
  if (typeof value === 'string') {
    writer.doubtIf(`${is} === ${kind.absent} || ${is} === ${kind.escaped}`)
    return `(${is} === ${kind.string} && equalText(${text(writer, slot)}, ${writer.text(value)}))`
  }
  if (typeof value === 'number') {
    writer.doubtIf(`${is} === ${kind.absent} || ${is} === ${kind.longNumber}`)
    return `(${isNumber(is)} && ${writer.number(slot)} === ${value})`
  }
  writer.doubtIf(`${is} === ${kind.absent}`)
  return `(${is} === ${value === null ? kind.null : value ? kind.true : kind.false})`
}

function equalSlots(writer: CodeWriter, a: number, b: number): string {
  for (const slot of [a, b]) {
    const is = writer.kind(slot)
    writer.doubtIf(`${is} === ${kind.absent} || ${is} > ${kind.string}`)
  }
  const [left, right] = [writer.kind(a), writer.kind(b)]
  const numbers = `${isNumber(right)} && ${writer.number(a)} === ${writer.number(b)}`
  const texts = `${left} !== ${kind.string} || equalTexts(${text(writer, a)}, ${writer.start(b)}, ${writer.end(b)})`
  return `(${isNumber(left)} ? ${numbers} : ${left} === ${right} && (${texts}))`
}
