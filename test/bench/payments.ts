/** One record of the input. */
export interface Payment {
  readonly key: string
  readonly amount: number
  readonly json: string
}

export const REGIONS = ['north', 'east', 'south', 'west'] as const

/** What rows without state have. */
export const KEYS = 10_000
const CARDS = 10_000
const MAX_CENTS = 100_000
const FIELD_BYTES = 48
const POOL_SIZE = 4096
const WORDS =
  'stream table window amount customer merchant invoice order refund ledger branch currency'.split(
    ' ',
  )

/**
 * Makes payments of exactly `valueBytes` of JSON, the same ones in every run. Large ones have many text fields, half of
 * them before `amount`, so that no reader finds what it needs at the front.
 */
export class PaymentMaker {
  readonly #valueBytes: number
  readonly #keys: number
  readonly #random = mulberry32(42)
  readonly #texts: readonly string[]
  readonly #fields: number

  constructor(valueBytes: number, keys = KEYS) {
    this.#valueBytes = valueBytes
    this.#keys = keys
    this.#fields = Math.max(0, Math.floor((valueBytes - 128) / FIELD_BYTES))
    this.#texts = Array.from({ length: POOL_SIZE }, () => this.#text(FIELD_BYTES - 12))
  }

  /** `id` becomes the field of that name. */
  next(id: number): Payment {
    const pick = (count: number) => Math.floor(this.#random() * count)
    const amount = pick(MAX_CENTS) / 100
    const card = `card-${String(pick(CARDS)).padStart(5, '0')}`
    const region = REGIONS[pick(REGIONS.length)] ?? 'north'
    const half = this.#fields >> 1
    const head = `{"id":${id},"card":"${card}",${this.#filler(0, half, pick)}"amount":${amount},`
    const tail = `${this.#filler(half, this.#fields, pick)}"region":"${region}","memo":"`
    const memo = this.#valueBytes - head.length - tail.length - 2
    if (memo < 0)
      throw new Error(`a payment does not fit in ${this.#valueBytes} bytes: write 100 or more`)
    const json = `${head}${tail}${'-'.repeat(memo)}"}`
    return { key: customerKey(pick(this.#keys)), amount, json }
  }

  #filler(from: number, to: number, pick: (count: number) => number): string {
    let text = ''
    for (let field = from; field < to; field++) {
      text += `"text${String(field).padStart(2, '0')}":"${this.#texts[pick(POOL_SIZE)] ?? ''}",`
    }
    return text
  }

  #text(length: number): string {
    let text = ''
    while (text.length < length) {
      const word = WORDS[Math.floor(this.#random() * WORDS.length)] ?? ''
      text += `${word} ${Math.floor(this.#random() * 1000)} `
    }
    return text.slice(0, length)
  }
}

export const customerKey = (customer: number): string => `customer-${customer}`

/** A small seeded generator: the input is the same in every run, on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
