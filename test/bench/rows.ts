import { type BenchOptions, recordsOf, stateRecordsOf, wantedState, wants } from './options.ts'
import type { LoadSpec } from './load.ts'
import { KEYS } from './payments.ts'
import { measureRawCopy, type RawCopyRow } from './raw-copy-row.ts'
import type { RowSpec, RunPlan } from './run.ts'
import { PAYMENTS_PER_MS } from './sources.ts'
import { measureRow, type Row } from './throughput.ts'
import { topologies } from './topologies.ts'

export function statelessRows(plan: RunPlan, options: BenchOptions): Promise<readonly Row[]> {
  const wanted = topologies.filter(({ name }) => wants(options, name))
  const specs = statelessLoads(options).flatMap((load) =>
    wanted.flatMap((topology) =>
      options.threads.map(
        (threads) =>
          ({ topology, load, threads, guarantee: 'AtLeastOnce', store: 'none' }) as const,
      ),
    ),
  )
  return rowsOf(plan, specs)
}

export function stateRows(plan: RunPlan, options: BenchOptions): Promise<readonly Row[]> {
  const [threads = 1] = options.threads
  const specs = stateLoads(options).flatMap((load) =>
    wantedState(options).flatMap((topology) =>
      options.guarantees.flatMap((guarantee) =>
        options.stores.map((store) => ({ topology, load, threads, guarantee, store })),
      ),
    ),
  )
  return rowsOf(plan, specs)
}

export async function rawCopyRows(
  plan: RunPlan,
  options: BenchOptions,
): Promise<readonly RawCopyRow[]> {
  const rows: RawCopyRow[] = []
  for (const load of statelessLoads(options)) {
    const input = await plan.kafka.input('payments', load, plan.log)
    plan.log(`raw copy, ${input.topic}`)
    rows.push(await measureRawCopy(plan, input))
  }
  return rows
}

const statelessLoads = (options: BenchOptions): readonly LoadSpec[] =>
  options.sizes.flatMap((valueBytes) =>
    options.codecs.map((codec) => ({
      valueBytes,
      codec,
      keys: KEYS,
      perMs: PAYMENTS_PER_MS,
      records: recordsOf(options, valueBytes),
    })),
  )

function stateLoads(options: BenchOptions): readonly LoadSpec[] {
  const {
    sizes: [valueBytes = 100],
    codecs: [codec = 'none'],
  } = options
  const records = stateRecordsOf(options, valueBytes)
  return options.keys.map((keys) => ({ valueBytes, codec, keys, perMs: PAYMENTS_PER_MS, records }))
}

async function rowsOf(plan: RunPlan, specs: readonly RowSpec[]): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const spec of specs) {
    plan.log(rowLine(spec))
    rows.push(await measureRow(plan, spec))
  }
  return rows
}

const rowLine = ({ topology, load, threads, guarantee, store }: RowSpec): string =>
  [
    topology.name,
    `${load.keys} keys`,
    guarantee,
    `store ${store}`,
    `${load.valueBytes} bytes`,
    load.codec,
    `${threads} thread(s)`,
  ].join(', ')
