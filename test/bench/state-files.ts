import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'

/** What has not been written to for so long is complete. */
const SETTLED_MS = 15_000

/** Resolves once nothing writes to the folder any more. */
export const settled = (dir: string, timeoutMs: number): Promise<void> =>
  eventually(
    () => {
      const newest = Math.max(...filesUnder(dir).map(({ mtimeMs }) => mtimeMs))
      if (!(Date.now() - newest > SETTLED_MS)) throw new Error(`${dir} is still written to`)
    },
    { timeoutMs, everyMs: 500 },
  )

export const bytesUnder = (dir: string): number =>
  filesUnder(dir).reduce((sum, { size }) => sum + size, 0)

/** A file may be gone by the time it is looked at: then it counts for nothing. */
const filesUnder = (dir: string) =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const found = statSync(join(dir, name), { throwIfNoEntry: false })
    return found?.isFile() === true ? [found] : []
  })
