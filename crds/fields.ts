import { z } from 'zod'

/** Fields that both kinds share. */

export const MAX_APPLICATION_ID = 200

const topicNamePattern = /^[a-zA-Z0-9._-]+$/

export const topicName = () => z.string().min(1).max(249).regex(topicNamePattern)

export const name = () =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)

/** An input or a step by its name, or a branch of a step as `<step>.<branch>`. */
export const origin = () =>
  z
    .string()
    .min(1)
    .max(127)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/)

/** Field names of a record, as they are written in `map` and `aggregate`. */
export const MAX_FIELDS = 64

export const fieldsOf = (what: string) =>
  z
    .record(z.string(), z.string().min(1).max(4096))
    .meta({ maxProperties: MAX_FIELDS })
    .describe(what)

export const expression = (what: string) =>
  z.string().min(1).max(4096).describe(`${what} A CEL expression.`)

/** A duration in whole milliseconds, seconds, minutes or hours. */
export const duration = () =>
  z
    .string()
    .max(16)
    .regex(/^[1-9][0-9]{0,8}(ms|s|m|h)$/)

/** A time in event time, from its largest unit to its smallest. The runtime refuses one that is 0. */
export const timeSpan = (what: string) =>
  z
    .string()
    .min(2)
    .max(32)
    .regex(/^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$/)
    .describe(`${what} Such as \`500ms\`, \`10s\`, \`1h30m\`.`)

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `10s` → 10000. The pattern of `duration()` has been checked before. */
export function durationMs(text: string): number {
  const [, number, unit] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? []
  return Number(number) * (UNIT_MS[unit ?? ''] ?? NaN)
}
