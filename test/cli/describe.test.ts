import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe as describeJobs } from '../../cli/describe.ts'
import { FriendlyError } from '../../cli/friendly-error.ts'

const jobOf = (part: string): string => `
apiVersion: millrace.dev/v1alpha1
kind: StreamJob
metadata: { name: fraud }
spec:
  kafka: { bootstrapServers: ['kafka:9092'] }
  inputs: [{ name: payments, topic: payments }]
${part}
`

const countingAs = (name: string): string =>
  jobOf(`
  steps: [{ name: ${name}, from: payments, groupBy: value.card, aggregate: { n: count() } }]
  outputs: [{ from: ${name}, topic: counts }]`)

const code = jobOf(`
  code: { configMapRef: { name: fraud, key: fraud.ts } }
  outputs: [{ topic: counts }]`)

describe('millrace describe', () => {
  let folder: string

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-describe-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  it('prints the topology of a job of steps', async () => {
    const text = await describeJobs({ path: write('job.yaml', countingAs('counts')) })
    expect(text.split('\n')).to.deep.equal([
      text.split('\n')[0],
      'Sub-topology: 0',
      '  source payments topic payments',
      '  select-key counts.key [value.card] <- payments',
      'Sub-topology: 1',
      '  repartition counts.repartition topic default.fraud-counts-repartition <- counts.key',
      '  aggregate counts [n: count()] <- counts.repartition',
      '  sink outputs[0] -> topic counts <- counts',
      '  store counts (changelog default.fraud-counts-changelog)',
    ])
    expect(text).to.match(/^default\/fraud \(state [0-9a-f]{16}\)\n/)
  })

  it('prints JSON for programs', async () => {
    const path = write('job.yaml', countingAs('counts'))
    const [job] = JSON.parse(await describeJobs({ path, json: true })) as {
      subTopologies: { nodes: object[]; stores: object[] }[]
    }[]
    expect(job).to.include({ job: 'default/fraud', applicationId: 'default.fraud' })
    expect(job?.subTopologies[1]?.stores).to.deep.equal([
      {
        name: 'counts',
        layout: 'key-value',
        changelogTopic: 'default.fraud-counts-changelog',
      },
    ])
    expect(job?.subTopologies[0]?.nodes[0]).to.deep.equal({
      kind: 'source',
      name: 'payments',
      from: [],
      topics: ['payments'],
    })
  })

  it('reads the TypeScript file beside the manifest', async () => {
    write(
      'fraud.ts',
      "import { job, stream } from 'millrace'\nexport default job(stream('payments').groupByKey('g').count('n').to('counts'))",
    )
    expect(await describeJobs({ path: write('job.yaml', code) })).to.contain(
      '  aggregate n <- payments',
    )
  })

  it('says what a change means for what the job keeps', async () => {
    const before = write('before.yaml', countingAs('counts'))
    const path = write('after.yaml', countingAs('totals'))
    const text = await describeJobs({ path, before })
    expect(text).to.match(
      /\nChange: LosesState\n {2}LosesState: "counts" is gone, .* Is "totals" its/,
    )
    const [job] = JSON.parse(await describeJobs({ path, before, json: true })) as object[]
    expect(job).to.have.nested.property('change.verdict', 'LosesState')
  })

  const rows = [
    [
      'no StreamJob',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }',
      /no StreamJob in it/,
    ],
    ['one that is not valid', jobOf('  steps: []'), /default\/fraud: .*is not valid/s],
    [
      'one with an expression that is wrong',
      countingAs('counts').replace('value.card', 'value.('),
      /default\/fraud: steps\[0\]\.groupBy: /,
    ],
    [
      'code that is not there',
      code,
      /there is neither a ConfigMap "fraud" with the key "fraud\.ts" nor a file fraud\.ts beside it/,
    ],
  ] as const
  for (const [what, text, why] of rows) {
    it(`refuses ${what}`, async () => {
      const error = await describeJobs({ path: write('job.yaml', text) }).then(
        () => undefined,
        (reason: Error) => reason,
      )
      expect(error).to.be.instanceOf(FriendlyError)
      expect(error?.message).to.match(why)
    })
  }
})
