import type { KeyValue } from '../topology/record.ts'

/** What user functions return, checked where the types of a job were not: a wrong answer is a bad record. */

/** Throws `TypeError`. */
export function keyAndValueOf(answer: KeyValue): KeyValue {
  if (typeof answer === 'object' && (answer as KeyValue | null) !== null) return answer
  throw new TypeError(`the function returns { key, value }, not ${nameOf(answer)}`)
}

/** Text is no list, though JavaScript would go through its letters. Throws `TypeError`. */
export function elementsOf<T>(answer: Iterable<T>): Iterable<T> {
  if (typeof answer === 'object' && Symbol.iterator in ((answer as typeof answer | null) ?? {}))
    return answer
  throw new TypeError(`the function returns a list, not ${nameOf(answer)}`)
}

const nameOf = (answer: unknown): string => (answer === null ? 'null' : typeof answer)
