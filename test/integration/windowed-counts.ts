import { expect } from 'chai'
import type { JavaClients } from '../kafka/java-clients.ts'
import { eventually } from '../support/eventually.ts'
import { type JobChange, PARTITIONS, SLOW, type StatefulJob } from './stateful-job.ts'

const WINDOW_MS = 1000

/** Counts of each second of event time, in place of counts of all time. */
export const countsBySecond = ({ traffic, totals }: StatefulJob): JobChange => ({
  steps: [
    { name: 'all', from: 'in', filter: 'value.id >= 0' },
    {
      ...{ name: 'counts', from: 'all', groupBy: '"of " + key', aggregate: { n: 'count()' } },
      window: { tumbling: `${WINDOW_MS}ms`, grace: '1h' },
    },
    { name: 'shown', from: 'counts', map: { from: 'window.start', n: 'value.n' } },
  ],
  outputs: [
    { from: 'all', topic: traffic.output },
    { from: 'shown', topic: totals },
  ],
})

/** Ends the feed and waits until each window of each key has counted its records one by one, and no other is there. */
export async function expectCountsBySecond(
  { traffic, totals }: StatefulJob,
  java: JavaClients,
): Promise<void> {
  await traffic.settle()
  const expected = new Map<string, number[]>()
  const seen = new Map<string, number[]>()
  for (let partition = 0; partition < PARTITIONS; partition++)
    for (const { key, timestamp } of await java.consume(traffic.input, { partition })) {
      const counts = countsIn(
        expected,
        `of ${key?.toString()} ${timestamp - (timestamp % WINDOW_MS)}`,
      )
      counts.push(counts.length + 1)
    }
  await eventually(() => traffic.expectAtRest(traffic.output, totals), SLOW)
  await eventually(async () => {
    seen.clear()
    for (let partition = 0; partition < PARTITIONS; partition++)
      for (const [key, value] of await java.texts(totals, partition)) {
        const { from, n } = JSON.parse(value ?? '') as { readonly from: number; readonly n: number }
        countsIn(seen, `${key} ${from}`).push(n)
      }
    expect(seen).to.deep.equal(expected)
  }, SLOW)
}

function countsIn(windows: Map<string, number[]>, window: string): number[] {
  const counts = windows.get(window) ?? []
  windows.set(window, counts)
  return counts
}
