import { customerKey, type Payment, PaymentMaker } from './payments.ts'

/** What an input is made of, the same in every run. */
export interface SourceSpec {
  readonly records: number
  readonly valueBytes: number
  readonly keys: number
  /** Payments in a millisecond of event time, however fast they are worked off. */
  readonly perMs: number
}

/** One record of an input. */
export interface SourceRecord {
  readonly key: string
  readonly json: string
  /** Milliseconds after the first payment. */
  readonly atMs: number
  /** Of a payment. */
  readonly amount?: number
}

/** Of what is measured: ten payments of each of 10,000 keys in 10 s. */
export const PAYMENTS_PER_MS = 10
/** From a payment to its receipt. */
export const RECEIPT_DELAY_MS = 200
/** Every so many records one comes again, as from a producer that missed an answer. */
export const RETRY_EVERY = 10
/** Before the first payment, so that every one finds its customer. */
const CUSTOMERS_AT_MS = -1000

export const sources = {
  payments: (spec: SourceSpec) => made(spec, ({ key, json, amount }) => ({ key, json, amount })),
  'retried-payments': retriedPayments,
  receipts: (spec: SourceSpec) => made(spec, receiptOf, RECEIPT_DELAY_MS),
  customers,
  profiles,
} as const satisfies Readonly<Record<string, (spec: SourceSpec) => Iterable<SourceRecord>>>

export type SourceName = keyof typeof sources

const TABLES: readonly SourceName[] = ['customers', 'profiles']

/** A table has one row for each key, whatever the number of payments. */
export const specOf = (source: SourceName, spec: SourceSpec): SourceSpec =>
  TABLES.includes(source) ? { ...spec, records: spec.keys } : spec

function* made(
  { records, valueBytes, keys, perMs }: SourceSpec,
  recordOf: (payment: Payment, id: number) => Omit<SourceRecord, 'atMs'>,
  delayMs = 0,
): Generator<SourceRecord> {
  const maker = new PaymentMaker(valueBytes, keys)
  for (let id = 0; id < records; id++) {
    yield { ...recordOf(maker.next(id), id), atMs: Math.floor(id / perMs) + delayMs }
  }
}

const receiptOf = ({ key, amount }: Payment, id: number) => ({
  key,
  json: `{"payment":${id},"paid":${amount}}`,
})

function* retriedPayments(spec: SourceSpec): Generator<SourceRecord> {
  const { records, valueBytes, keys, perMs } = spec
  const maker = new PaymentMaker(valueBytes, keys)
  let payment = maker.next(0)
  for (let sent = 0; sent < records; sent++) {
    if (sent % RETRY_EVERY > 0) payment = maker.next(sent)
    const { key, json, amount } = payment
    yield { key, json, amount, atMs: Math.floor(sent / perMs) }
  }
}

function* customers({ keys }: SourceSpec): Generator<SourceRecord> {
  for (let customer = 0; customer < keys; customer++) {
    const json = `{"number":${customer},"tier":"${customer % 7 === 0 ? 'gold' : 'basic'}"}`
    yield { key: customerKey(customer), json, atMs: CUSTOMERS_AT_MS }
  }
}

/** Customers with rows of `valueBytes`. */
function* profiles({ keys, valueBytes }: SourceSpec): Generator<SourceRecord> {
  for (let customer = 0; customer < keys; customer++) {
    const head = `{"number":${customer},"since":${customer % 4_000_000},"memo":"`
    const json = `${head.padEnd(valueBytes - 2, '-')}"}`
    yield { key: customerKey(customer), json, atMs: CUSTOMERS_AT_MS }
  }
}
