/** Totals of one instance, shared by its tasks. */
export interface Tally {
  consumed: number
  skipped: number
  deadLettered: number
  readonly nodes: Record<string, number>
  /** Node → reason → records that it left out. */
  readonly dropped: Record<string, Record<string, number>>
}

export function countEntered({ nodes }: Tally, node: string, count = 1): void {
  nodes[node] = (nodes[node] ?? 0) + count
}

export function countDropped({ dropped }: Tally, node: string, reason: string): void {
  const reasons = (dropped[node] ??= {})
  reasons[reason] = (reasons[reason] ?? 0) + 1
}
