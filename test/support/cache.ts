import { mkdirSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Where everything that tests download or build is kept between runs. */
export const cacheDir = join(
  process.env.MILLRACE_CACHE ?? process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'millrace',
)

/** A holder that died leaves its lock behind; a live one refreshes nothing, so this must outlast the longest build. */
const STALE_LOCK_MS = 45 * 60_000

/** Runs `work` while no other process holds the lock of that name. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const lock = join(cacheDir, `${name.replaceAll('/', '_')}.lock`)
  mkdirSync(cacheDir, { recursive: true })
  while (!tryLock(lock)) await delay(500)
  try {
    return await work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    const stale =
      Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) > STALE_LOCK_MS
    if (stale) rmSync(lock, { recursive: true, force: true })
    return false
  }
}
