import { z } from 'zod'
import { msOf, timestampOf } from './test-times.ts'

/** The file of `millrace test`: the only place where its fields are defined. Docs: `docs/testing.md`. */

const duration = z
  .string()
  .refine((text) => msOf(text) !== undefined, 'write a duration, such as 500ms, 90s, 5m or 1h')

const at = z
  .string()
  .refine(
    (text) => timestampOf(text) !== undefined,
    'write a duration since the start of the test, such as 90s, or a date, such as 2026-03-01T12:00:00Z',
  )

const headers = z.record(z.string(), z.string())

const givenRecord = z
  .strictObject({
    key: z.unknown().optional(),
    value: z.unknown().optional(),
    /** The bytes of the value as text, such as what is not JSON. */
    raw: z.string().optional(),
    /** Event time; the wall clock of the test unless given. */
    at: at.optional(),
    headers: headers.optional(),
  })
  .refine(({ value, raw }) => (value === undefined) !== (raw === undefined), {
    error: 'a record has either a value (null for a tombstone) or raw, its bytes as text',
  })

/** What is not given is not compared. */
const expectedRecord = z
  .strictObject({
    key: z.unknown().optional(),
    value: z.unknown().optional(),
    /** In place of `value`: fields that are not named may be there, too. */
    contains: z.unknown().optional(),
    at: at.optional(),
    /** Others may be there, too. */
    headers: headers.optional(),
  })
  .refine(({ value, contains }) => value === undefined || contains === undefined, {
    error: 'write value, which is compared exactly, or contains, not both',
  })

const expectedRecords = z.union([
  z.array(expectedRecord),
  z.strictObject({ anyOrder: z.array(expectedRecord) }),
])

const expectedLetter = z.strictObject({
  topic: z.string().optional(),
  node: z.string().optional(),
  reason: z.string().optional(),
  /** A part of it. */
  message: z.string().optional(),
  key: z.unknown().optional(),
  value: z.unknown().optional(),
})

/** In the order in which it is done. */
const step = z.strictObject({
  restart: z.literal(true, { error: 'write true, or leave it out' }).optional(),
  /** Input topic → records. */
  given: z.record(z.string(), z.array(givenRecord)).optional(),
  advance: duration.optional(),
  /** A part of the message with which the job stops. */
  fails: z.string().min(1).optional(),
  /** Topic → what came since it was last looked at. */
  expect: z.record(z.string(), expectedRecords).optional(),
  /** Store → key → value: all that is in it. */
  stores: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  /** All that came since the last step. */
  deadLetters: z.array(expectedLetter).optional(),
})

const test = step
  .extend({ name: z.string().min(1), steps: z.array(step).min(1).optional() })
  .refine(
    ({ name: _name, steps, ...only }) => (steps === undefined) !== (Object.keys(only).length === 0),
    { error: 'a test has either given and expect, or steps that have them' },
  )

export const testFileSchema = z.strictObject({
  /** A file or folder of manifests, relative to this file, with one StreamJob among them. */
  job: z.string().min(1),
  tests: z.array(test).min(1),
})

export type JobTest = z.output<typeof test>
export type TestStep = z.output<typeof step>
export type GivenRecord = z.output<typeof givenRecord>
export type ExpectedRecord = z.output<typeof expectedRecord>
export type ExpectedRecords = z.output<typeof expectedRecords>
export type ExpectedLetter = z.output<typeof expectedLetter>

/** By what has them, in the order in which the docs list them. */
export const fieldsOf = {
  file: Object.keys(testFileSchema.shape),
  test: Object.keys(test.shape),
  step: Object.keys(step.shape),
  given: Object.keys(givenRecord.shape),
  expected: Object.keys(expectedRecord.shape),
  letter: Object.keys(expectedLetter.shape),
} as const
