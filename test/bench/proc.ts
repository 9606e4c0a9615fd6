import { existsSync, readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second here, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100

/** CPU seconds of a process so far, with all its threads. Throws when it is gone. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in parentheses may hold anything; utime and stime are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** The most memory the process has held at once. */
export const peakRssBytesOf = (pid: number): number => statusBytes(pid, 'VmHWM')

/** The memory the process holds now. */
export const rssBytesOf = (pid: number): number => statusBytes(pid, 'VmRSS')

function statusBytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
}

/**
 * CPU seconds of the whole machine so far: user, nice, system, and what the hypervisor took away. Interrupts are left out:
 * the run's own network traffic causes them, and they belong to no process.
 */
export function machineCpuSeconds(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = line.split(/\s+/).slice(1).map(Number)
  return (user + nice + system + steal) / TICKS_PER_SECOND
}

export const hasProc = (): boolean => existsSync('/proc/self/stat')
