import { hint } from '../platform/did-you-mean.ts'

/** Throws what is not among `names`: nobody has checked the types of a job before it runs. */
export function requireKnown(subject: string, options: object, names: readonly string[]): void {
  const stranger = Object.keys(options).find((name) => !names.includes(name))
  if (stranger === undefined) return
  const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
  throw new Error(
    `${subject} has no option "${stranger}": there are ${list}.${hint(stranger, names)}`,
  )
}
