import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Removes what was last written before `beforeMs`, since the epoch: snapshots that are too old to be used, and what writers that died
 * have left. What cannot be removed stays.
 */
export async function sweepSnapshots(directory: string, beforeMs: number): Promise<void> {
  const files = await readdir(directory, { recursive: true }).catch(() => [])
  for (const name of files) {
    if (!/\.snapshot(\..*\.tmp)?$/.test(name)) continue
    const path = join(directory, name)
    const written = await stat(path).catch(() => undefined)
    if (written !== undefined && written.mtimeMs < beforeMs)
      await rm(path, { force: true }).catch(() => undefined)
  }
}
