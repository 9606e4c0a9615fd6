import type { Tally } from './task.ts'

export function countEntered({ nodes }: Tally, node: string, count = 1): void {
  nodes[node] = (nodes[node] ?? 0) + count
}

export function countDropped({ dropped }: Tally, node: string, reason: string): void {
  const reasons = (dropped[node] ??= {})
  reasons[reason] = (reasons[reason] ?? 0) + 1
}
