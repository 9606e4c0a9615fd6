import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { loadJob } from '../../../runtime/dsl/load-job.ts'
import { InvalidJob } from '../../../runtime/errors.ts'
import { JobBench } from '../../support/job-bench.ts'

const { inputs } = runtimeConfigSchema.parse({
  job: { namespace: 'n', name: 'j' },
  applicationId: 'n.j',
  kafka: { bootstrapServers: ['kafka:9092'] },
  inputs: [{ name: 'payments', topic: 'in' }],
})

const counting = `
import { job, stream } from 'millrace'
interface Payment { readonly card: string; readonly amount: number }
const large = stream<Payment>('payments').filter('large', ({ value }) => value.amount > 500)
export default job(
  large.to('large'),
  large.groupBy('by-card', ({ value }) => value.card).count('counts').to('counts'),
  large
    .selectKey('card', ({ value }) => value.card)
    .mapValues('amount', ({ value }) => value.amount)
    .groupByKey('amounts')
    .reduce('largest', (a: number, b: number) => Math.max(a, b))
    .to('largest'),
)
`

describe('a TypeScript job', () => {
  let folder: string
  let bench: JobBench | undefined

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-load-'))))
  afterEach(async () => {
    await bench?.stop()
    rmSync(folder, { recursive: true })
  })

  const file = (code: string) => {
    const path = join(folder, 'job.ts')
    writeFileSync(path, code)
    return path
  }

  it('runs its operations like a job of steps', async () => {
    bench = new JobBench({ in: 2, large: 1, counts: 1, largest: 1 })
    const path = file(counting)
    const loadTopology = () => loadJob(path, { inputs })
    bench.start({ inputs: [{ name: 'payments', topic: 'in' }], code: { path } }, { loadTopology })
    bench.produce('in', [
      ['x', { card: 'a', amount: 600 }],
      ['x', { card: 'a', amount: 100 }],
      ['x', { card: 'b', amount: 900 }],
      ['x', { card: 'a', amount: 700 }],
    ])
    await bench.expectValues('largest', [600, 900, 700])
    await bench.expectValues('counts', [1, 1, 2])
    expect(bench.latest('counts')).to.deep.equal({ a: 2, b: 1 })
    expect(bench.values('large')).to.have.length(3)
  })

  const rows = [
    [
      'exports nothing',
      'export const x = 1',
      /exports nothing by default: write `export default job/,
    ],
    ['exports something else', 'export default 42', /exports a number by default/],
    ['does not parse', 'export default {', /job\.ts/],
    ['throws', 'throw new Error("boom")', /boom/],
    ['imports what is not there', "import 'no-such-package'", /no-such-package/],
    [
      'reads an input that the manifest does not have',
      "import { job, stream } from 'millrace'\nexport default job(stream('payment').to('x'))",
      /reads the input "payment".*Did you mean "payments"/,
    ],
    [
      'names two steps alike',
      "import { job, stream } from 'millrace'\nconst p = stream('payments')\nexport default job(p.filter('a', () => true).to('x'), p.filter('a', () => false).to('y'))",
      /two steps are named "a"/,
    ],
  ] as const
  for (const [title, code, message] of rows) {
    it(`is refused when it ${title}`, async () => {
      const error = await loadJob(file(code), { inputs }).catch((e: unknown) => e)
      expect(error).to.be.instanceOf(InvalidJob)
      expect((error as Error).message).to.match(message)
    })
  }
})
