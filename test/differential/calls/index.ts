import { aggregationCalls } from './aggregations.ts'
import type { Calls } from './call.ts'
import { joinCalls } from './joins.ts'
import { streamCalls } from './streams.ts'
import { tableCalls } from './tables.ts'
import { windowCalls } from './windows.ts'

/** Operation → call of our own DSL. What has no row here is not covered: neither drawn nor run. */
export const calls: Calls = {
  ...streamCalls,
  ...aggregationCalls,
  ...tableCalls,
  ...joinCalls,
  ...windowCalls,
}
