/** How a job's process keeps to the memory limit of its pod. */

/** For keys and values, outside of V8's heap. */
const STATE_SHARE = 0.3
/** Heaps are rarely full; buffers and stacks live outside of them, as state does. */
const HEAP_SHARE = 0.6
/** Where glibc begins with it, too; given, it stays there. */
const MMAP_THRESHOLD_BYTES = 128 * 1024
const MIB = 2 ** 20

export const stateMemoryBytes = (limit: number): number => Math.floor(limit * STATE_SHARE)

/**
 * Without the one, V8 sizes its heap by the machine, and the kernel ends the pod before V8 collects; it holds for the heap of each
 * thread alone. Without the other, glibc keeps what columns leave behind when they grow, and fills it with zeros for the next
 * ones, so that room for rows to come is paid for: a fifth of the memory of ten million rows.
 */
export const memoryEnv = (limit: number, threads: number): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--max-old-space-size=${Math.floor((limit * HEAP_SHARE) / threads / MIB)}`,
  MALLOC_MMAP_THRESHOLD_: String(MMAP_THRESHOLD_BYTES),
})
