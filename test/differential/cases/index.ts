import type { Case } from '../case.ts'
import { aggregateCases } from './aggregates.ts'
import { joinCases } from './joins.ts'
import { statelessCases } from './stateless.ts'
import { tableCases } from './tables.ts'
import { windowedTableCases } from './windowed-tables.ts'

/** What must be said of each operation at least. No case says what comes out: Kafka Streams does. */
export const namedCases: readonly Case[] = [
  ...statelessCases,
  ...aggregateCases,
  ...tableCases,
  ...joinCases,
  ...windowedTableCases,
]
