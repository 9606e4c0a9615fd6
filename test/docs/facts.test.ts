import { globSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { conditionDocs } from '../../crds/conditions.ts'
import type { RuntimeStatus } from '../../runtime/config.ts'
import { instanceMetrics } from '../../runtime/instance-metrics.ts'
import { pageOf, pages, rowsOf, spansOf } from './page.ts'

const sourceOf = (...patterns: readonly string[]): string =>
  globSync(patterns)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')

const all = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, found]) => found ?? '')),
]

const operating = pageOf('docs/operating.md')
const badRecords = pageOf('docs/bad-records.md')

/** Reasons for which nobody has anything to do, or that repeat another condition's. */
const WELL = new Set(['Accepted', 'Connected', 'AllReady', 'AllTasksRunning', 'InSync'])
const REPEATING = new Set(['Ready', 'Reconciling'])

describe('conditions', () => {
  const reasons = Object.entries(conditionDocs).flatMap(([type, { reasons: of }]) =>
    Object.keys(of).map((reason) => ({ type, reason })),
  )
  const operator = sourceOf('operator/**/*.ts')

  for (const { type, reason } of reasons) {
    it(`${type}/${reason} is given somewhere`, () => {
      expect(operator).to.match(new RegExp(`'${reason}'`))
    })
  }

  it('that call for something to be done have a row in docs/operating.md, and no other has', () => {
    const rows = rowsOf(operating, 'condition', 'reason', 'do').map(({ condition, reason }) =>
      spansOf(`${condition}/${reason}`).join('/'),
    )
    const wanted = reasons
      .filter(({ type, reason }) => !REPEATING.has(type) && !WELL.has(reason))
      .map(({ type, reason }) => `${type}/${reason}`)
    expect(rows).to.have.members(wanted)
  })

  it('are the ones that docs/topics.md speaks of', () => {
    const rows = rowsOf(pageOf('docs/topics.md'), 'reason', 'when', 'do')
    const named = rows.flatMap(({ reason }) => spansOf(reason))
    expect(Object.keys(conditionDocs.Accepted.reasons)).to.include.members(named)
  })
})

describe('metrics', () => {
  it('of a pod are those that docs/operating.md lists, with their labels', async () => {
    const rows = rowsOf(operating, "metric of a job's pod", 'labels', 'is')
    const rendered = await instanceMetrics(() => status).render()
    const samples = all(rendered, /^(millrace_\w+\{[^}]*\})/gm).map((sample) => {
      const [name = '', labels = ''] = sample.split(/[{}]/)
      return `${name} ${all(labels, /(\w+)=/g).join(' ')}`
    })
    const listed = rows.map((row) =>
      spansOf(`${row["metric of a job's pod"]} ${row.labels}`).join(' '),
    )
    expect(listed).to.have.members([...new Set(samples)])
  })

  it('of the operator are those that docs/operating.md lists', () => {
    const rows = rowsOf(operating, 'metric of the operator', 'labels', 'is')
    const listed = rows.flatMap((row) => spansOf(row['metric of the operator']))
    expect(listed).to.have.members(all(sourceOf('operator/**/*.ts'), /'(millrace_\w+)'/g))
  })

  it('are nowhere named wrongly', () => {
    const named = pages.flatMap(({ spans }) => spans.filter((s) => /^millrace_\w+[a-z]$/.test(s)))
    expect(operating.spans).to.include.members(named)
  })
})

describe('environment variables', () => {
  it('that a process reads are those that docs/operating.md lists', () => {
    const read = [
      ...all(sourceOf('{operator,runtime,cli}/**/*.ts'), /\benv\.([A-Z_]+)/g),
      ...all(sourceOf('operator/config.ts'), /^ {2}([A-Z_]+): /gm),
    ]
    const listed = rowsOf(operating, 'variable', 'read by', 'default', 'is')
    const names = listed.flatMap(({ variable }) => spansOf(variable))
    expect(names).to.have.members([...new Set(read)])
  })

  it('of ours that the docs name exist', () => {
    const named = pages.flatMap(({ spans }) =>
      spans.flatMap((span) => /\b(MILLRACE_[A-Z_]+)/.exec(span)?.[1] ?? []),
    )
    const source = sourceOf('{operator,runtime,cli,test}/**/*.ts')
    expect(named.filter((name) => !source.includes(name))).to.deep.equal([])
  })
})

describe('docs/bad-records.md', () => {
  it('lists the headers of a dead letter', () => {
    const written = all(sourceOf('runtime/tasks/dead-letters.ts'), /text\('([\w.]+)'/g)
    const listed = rowsOf(badRecords, 'header', 'is').flatMap(({ header }) => spansOf(header))
    expect(listed).to.deep.equal(written)
  })

  it('lists the reasons that the engine itself gives', () => {
    const given = [
      ...all(sourceOf('runtime/serde/*.ts'), /new SerdeFault\(\s*'(\w+)'/g),
      ...all(sourceOf('runtime/expr/expression-error.ts'), /class (\w+) extends/g),
      ...all(sourceOf('runtime/tasks/event-time.ts'), /new (InvalidTimestamp)\(/g),
      ...all(sourceOf('runtime/tasks/task-time.ts'), /new BadRecord\(\s*'(\w+)'/g),
      ...all(sourceOf('runtime/broker/errors.ts'), /class (RecordTooLarge) extends/g),
    ]
    const listed = rowsOf(badRecords, 'reason', 'when').flatMap(({ reason }) => spansOf(reason))
    expect(listed).to.have.members([...new Set(given)])
  })

  it('lists the policies', () => {
    const rows = rowsOf(badRecords, '`onError`', 'the record', 'the job')
    const listed = rows.flatMap((row) => spansOf(row['`onError`']))
    const [, values = ''] = /`spec\.onError` \| ([^|]*)/.exec(sourceOf('docs/reference/*.md')) ?? []
    expect(listed).to.have.members(spansOf(values))
  })
})

describe('fields', () => {
  const reference = pages.filter(({ file }) => file.startsWith('docs/reference/'))
  const known = new Set(
    reference.flatMap((page) => page.spans.map((span) => span.replaceAll('[]', ''))),
  )

  for (const { file, spans } of pages) {
    it(`that ${file} names are in the reference`, () => {
      const named = spans.filter((span) => /^(spec|status)(\.\w+)+$/.test(span))
      expect(named.filter((field) => !known.has(field))).to.deep.equal([])
    })
  }
})

const status: RuntimeStatus = {
  job: { namespace: 'n', name: 'j' },
  state: 'Running',
  tasks: [
    {
      id: '0_0',
      state: 'Running',
      partitions: [{ topic: 't', partition: 0, position: 0, highWatermark: 0 }],
      restoreRemaining: 0,
    },
  ],
  internalTopics: [],
  counts: { consumed: 0, produced: 0, skipped: 0, deadLettered: 0, lost: 0 },
  losses: [],
  throttledMs: { fetch: 0, produce: 0 },
  snapshots: { written: 0, failed: 0 },
  restored: { snapshot: 0, changelog: 0 },
  stateBytes: { counts: { memory: 1, disk: 0 } },
  standbys: [{ id: '0_1', lag: 0 }],
  nodes: { n: 0 },
  dropped: { n: { late: 0 } },
  inFlight: { n: 0 },
}
