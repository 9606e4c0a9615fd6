import { hint } from '../platform/did-you-mean.ts'

const all = new Intl.ListFormat('en-GB', { type: 'conjunction' })

/** Throws what is not among `names`: nobody has checked the types of a job before it runs. */
export function requireKnown(subject: string, options: object, names: readonly string[]): void {
  const stranger = Object.keys(options).find((name) => !names.includes(name))
  if (stranger === undefined) return
  const be = names.length === 1 ? 'is' : 'are'
  throw new Error(
    `${subject} has no option "${stranger}": there ${be} ${all.format(names)}.${hint(stranger, names)}`,
  )
}
