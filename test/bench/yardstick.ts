/** More than the caches of a core hold, so that what others do to memory is felt as well. */
const BYTES = 32 * 1024 ** 2
const PASSES = 8

/**
 * A fixed piece of work, which copies and computes: how many of it this machine does in a second of CPU time just now. A machine that is shared
 * with others is not always equally fast, and only beside this do figures of different minutes compare.
 */
export function makeYardstick(): () => number {
  const from = new Uint32Array(BYTES / 4).map((_, index) => index)
  const to = new Uint32Array(BYTES / 4)
  let sum = 0
  return () => {
    const before = process.cpuUsage()
    for (let pass = 0; pass < PASSES; pass++) {
      to.set(from)
      for (let index = 0; index < to.length; index += 4) sum = (sum * 31 + (to[index] ?? 0)) | 0
      from[pass] = sum
    }
    const { user, system } = process.cpuUsage(before)
    return 1e6 / (user + system)
  }
}
