import { durationMs } from './duration.ts'

/** How far apart the times of two records that meet may be, as jobs write it: `10m`, `1h30m`. */
export interface JoinWithin {
  /** Either of the two may be so much earlier. In place of `before` and `after`. */
  readonly within?: string
  /** The other stream's record may be so much earlier; not at all unless given. */
  readonly before?: string
  /** The other stream's record may be so much later; not at all unless given. */
  readonly after?: string
  /** How long after its window is over a record without match may still get one; not at all unless given. */
  readonly grace?: string
}

/** The same in milliseconds. */
export interface JoinWindow {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
}

/** Throws what to write instead. */
export function joinWindowOf({ within, before, after, grace }: JoinWithin): JoinWindow {
  const sides = before !== undefined || after !== undefined
  if ((within !== undefined) === sides)
    throw new TypeError(
      'needs to know how far apart records may be: write within, or before or after',
    )
  return {
    beforeMs: spanMs(within ?? before),
    afterMs: spanMs(within ?? after),
    graceMs: spanMs(grace),
  }
}

const spanMs = (text: string | undefined): number => (text === undefined ? 0 : durationMs(text))

/** As `describe()` shows it. */
export const joinWithinText = ({ within, before, after, grace }: JoinWithin): string =>
  Object.entries({ within, before, after, grace })
    .flatMap(([name, text]) => (text === undefined ? [] : [`${name} ${text}`]))
    .join(', ')
