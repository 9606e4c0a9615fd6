import { expect } from 'chai'
import type { RuntimeState, RuntimeStatus } from '../../../runtime/config.ts'
import { mergedStatus } from '../../../runtime/threads/merged-status.ts'

const statusWith = (fields: Partial<RuntimeStatus> = {}): RuntimeStatus => ({
  job: { namespace: 'n', name: 'j' },
  state: 'Running',
  tasks: [],
  internalTopics: [],
  counts: { consumed: 0, produced: 0, skipped: 0, deadLettered: 0, lost: 0 },
  losses: [],
  throttledMs: { fetch: 0, produce: 0 },
  snapshots: { written: 0, failed: 0 },
  restored: { snapshot: 0, changelog: 0 },
  stateBytes: {},
  standbys: [],
  nodes: {},
  dropped: {},
  inFlight: {},
  ...fields,
})

const task = (id: string) =>
  ({ id, state: 'Running', partitions: [], restoreRemaining: 0 }) as const
const loss = (partition: number) => ({ topic: 'in', partition, from: 1, to: 5 })
const error = (reason: string) => ({ reason, message: reason, at: '2026-01-01T00:00:00Z' })

const states: readonly (readonly [of: readonly RuntimeState[], is: RuntimeState])[] = [
  [['Running', 'Running'], 'Running'],
  [['Running', 'Restoring'], 'Restoring'],
  [['Restoring', 'Joining', 'Running'], 'Joining'],
  [['Starting', 'Joining'], 'Starting'],
  [['Stopping', 'Running'], 'Stopping'],
  [['Stopping', 'Failed', 'Running'], 'Failed'],
]

describe('runtime/threads/merged-status.ts', () => {
  for (const [of, is] of states) {
    it(`is ${is} when its threads are ${of.join(', ')}`, () => {
      expect(mergedStatus(of.map((state) => statusWith({ state }))).state).to.equal(is)
    })
  }

  it('adds up what the threads have counted, and lists the tasks of all', () => {
    const merged = mergedStatus([
      statusWith({
        tasks: [task('0_0')],
        internalTopics: ['a'],
        counts: { consumed: 1, produced: 2, skipped: 3, deadLettered: 4, lost: 5 },
        losses: [loss(0)],
        throttledMs: { fetch: 6, produce: 7 },
        snapshots: { written: 1, failed: 2 },
        restored: { snapshot: 3, changelog: 4 },
        stateBytes: { counts: { memory: 1, disk: 2 } },
        nodes: { large: 5, small: 1 },
        inFlight: { rated: 3 },
      }),
      statusWith({
        tasks: [task('0_1')],
        internalTopics: ['a'],
        counts: { consumed: 10, produced: 20, skipped: 30, deadLettered: 40, lost: 50 },
        losses: [loss(1)],
        throttledMs: { fetch: 60, produce: 70 },
        snapshots: { written: 10, failed: 20 },
        restored: { snapshot: 30, changelog: 40 },
        stateBytes: { counts: { memory: 10, disk: 20 }, others: { memory: 5, disk: 0 } },
        nodes: { large: 50 },
        inFlight: { rated: 4 },
      }),
    ])
    expect(merged).to.deep.equal(
      statusWith({
        tasks: [task('0_0'), task('0_1')],
        internalTopics: ['a'],
        counts: { consumed: 11, produced: 22, skipped: 33, deadLettered: 44, lost: 55 },
        losses: [loss(0), loss(1)],
        throttledMs: { fetch: 66, produce: 77 },
        snapshots: { written: 11, failed: 22 },
        restored: { snapshot: 33, changelog: 44 },
        stateBytes: { counts: { memory: 11, disk: 22 }, others: { memory: 5, disk: 0 } },
        nodes: { large: 55, small: 1 },
        inFlight: { rated: 7 },
      }),
    )
  })

  it('shows the error of the thread that is least advanced', () => {
    const merged = mergedStatus([
      statusWith({ state: 'Starting', lastError: error('TopicNotFound') }),
      statusWith({ state: 'Failed', lastError: error('BadRecord') }),
    ])
    expect(merged.lastError?.reason).to.equal('BadRecord')
  })
})
