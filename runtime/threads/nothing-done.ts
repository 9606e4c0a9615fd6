import type { WorkReport } from '../config.ts'

/** Of a thread that has no worker yet. */
export const nothingDone: WorkReport = {
  tasks: [],
  counts: { consumed: 0, produced: 0, skipped: 0, deadLettered: 0, lost: 0 },
  inFlight: {},
  losses: [],
  throttledMs: { fetch: 0, produce: 0 },
  snapshots: { written: 0, failed: 0 },
  restored: { snapshot: 0, changelog: 0 },
  stateBytes: {},
  standbys: [],
}
