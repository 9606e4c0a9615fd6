import { hint } from '../platform/did-you-mean.ts'

/** Throws what is not among `names`: nobody has checked the types of a job before it runs. */
export function requireKnown(subject: string, options: object, names: readonly string[]): void {
  const stranger = Object.keys(options).find((name) => !names.includes(name))
  if (stranger === undefined) return
  const [last = '', ...others] = names.toReversed()
  const there = others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`
  throw new Error(
    `${subject} has no option "${stranger}": there ${others.length === 0 ? 'is' : 'are'} ${there}.${hint(stranger, names)}`,
  )
}
