import { rejects } from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import { test } from '../../cli/test.ts'
import { tryCommand } from '../support/command.ts'

const millrace = (args: readonly string[], cwd = '.') =>
  tryCommand([process.execPath, resolve('cli/main.ts'), 'test', ...args], { cwd })

describe('millrace test', function () {
  this.timeout(60_000)
  let folder: string

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  const write = (name: string, text: string) => {
    mkdirSync(join(folder, 'tests'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const withFraudDetection = () =>
    cpSync('examples/fraud-detection/streamjob.yaml', join(folder, 'streamjob.yaml'))

  it('passes the tests of every example', async () => {
    const { code, stdout, stderr } = await millrace(['examples'])
    expect(stderr).to.equal('')
    expect(stdout).to.match(/\n\n\d+ passed, 0 failed\n$/)
    for (const example of readdirSync('examples'))
      expect(stdout).to.contain(join('examples', example, 'tests'))
    expect(code).to.equal(0)
  })

  it('shows where and how a test fails, and goes on with the next', async () => {
    withFraudDetection()
    write(
      'tests/wrong.test.yaml',
      `job: ../streamjob.yaml
tests:
  - name: two are enough
    given:
      payments: [{ value: { card: a, amount: 600 } }, { value: { card: a, amount: 700 } }]
    expect:
      fraud-alerts: [{ key: a }]
    stores: { by-card: { a: { payments: 2, total: 1400 } } }
  - name: nothing comes
    given: { payments: [{ value: {} }] }
    expect: { fraud-alerts: [] }
  - name: nobody pays
    given: { payment: [] }
  - name: it stops
    given: { payments: [] }
    fails: BadRecord
  - name: three are enough
    expect: { fraud-alerts: [] }
`,
    )
    const { code, stdout } = await millrace([], folder)
    expect(stripVTControlCharacters(stdout).split('\n')).to.deep.equal([
      'tests/wrong.test.yaml',
      '  ✗ two are enough',
      '      tests/wrong.test.yaml:7:7: topic fraud-alerts',
      '      - expected  + actual',
      '      - - key: a',
      '      + []',
      '      tests/wrong.test.yaml:8:15: store by-card',
      '      - expected  + actual',
      '        a:',
      '          payments: 2',
      '      -   total: 1400',
      '      +   total: 1300',
      '  ✗ nothing comes',
      '      tests/wrong.test.yaml:9:5: dead letters',
      '      - expected  + actual',
      '      - []',
      '      + - message: |-',
      '      +     1:6: there is no field "amount"; test it with has(…).',
      '      +       value.amount > 500',
      '      +            ^',
      '      +   reason: ExpressionError',
      '      +   topic: payments',
      '      +   value: {}',
      '  ✗ nobody pays',
      '      tests/wrong.test.yaml:13:14: the job has no input topic "payment"; there are payments. Did you mean "payments"?',
      '  ✗ it stops',
      '      tests/wrong.test.yaml:16:5: the job goes on',
      '  ✓ three are enough',
      '',
      '1 passed, 4 failed',
      '',
    ])
    expect(code).to.equal(1)
  })

  it('runs the tests with a name, and answers in JSON', async () => {
    const { code, stdout } = await millrace(['--filter', 'third', '--json', 'examples'])
    expect(JSON.parse(stdout)).to.deep.equal([
      {
        file: 'examples/fraud-detection/tests/alerts.test.yaml',
        name: 'the third large payment of a card raises an alert',
        failures: [],
      },
    ])
    expect(code).to.equal(0)
  })

  it('runs time, crashes and failures as a test says', async () => {
    write(
      'job.yaml',
      `apiVersion: millrace.dev/v1alpha1
kind: StreamJob
metadata: { name: counts }
spec:
  kafka: { bootstrapServers: ['kafka:9092'] }
  inputs: [{ name: in, topic: in }]
  steps: [{ name: counts, from: in, groupBy: key, aggregate: { n: count(), sum: sum(value.n) } }]
  outputs: [{ from: counts, topic: out }]
`,
    )
    write(
      'tests/counts.test.yaml',
      `job: ../job.yaml
tests:
  - name: all in one
    steps:
      - given: { in: [{ key: a, value: { n: 1 }, headers: { h: x } }] }
        advance: 1m
        expect: { out: [{ key: a, value: { n: 1, sum: 1 }, at: 0s, headers: { h: x } }] }
      - restart: true
        given: { in: [{ key: a, value: { n: 2 } }, { key: b, value: { n: 2 }, at: 5m }] }
        expect: { out: { anyOrder: [{ key: b, at: 5m }, { contains: { n: 2 }, at: 1m }] } }
      - given: { in: [{ key: a, raw: 'n' }] }
        fails: 'in-0@3: InvalidJson'
`,
    )
    const { code, stdout } = await millrace([folder])
    expect(stdout).to.contain('1 passed, 0 failed')
    expect(code).to.equal(0)
  })

  const tests = 'tests: [{ name: a, expect: {} }]'
  const faults: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ['a folder without tests', {}, /there is no file \*\.test\.yaml below /],
    [
      'a job that is not there',
      { 'a.test.yaml': `job: no.yaml\n${tests}` },
      /no\.yaml: there is no/,
    ],
    [
      'manifests without a job',
      {
        'a.test.yaml': `job: topic.yaml\n${tests}`,
        'topic.yaml': 'apiVersion: millrace.dev/v1alpha1\nkind: Topic\nmetadata: { name: t }\n',
      },
      /topic\.yaml: there is no StreamJob in it/,
    ],
    [
      'a job that is wrong',
      {
        'a.test.yaml': `job: job.yaml\n${tests}`,
        'job.yaml':
          'apiVersion: millrace.dev/v1alpha1\nkind: StreamJob\nmetadata: { name: t }\nspec: {}\n',
      },
      /job\.yaml: StreamJob "t" is not valid:\n {2}spec\.kafka: /,
    ],
    [
      'a job whose code is nowhere',
      {
        'a.test.yaml': `job: job.yaml\n${tests}`,
        'job.yaml': `apiVersion: millrace.dev/v1alpha1
kind: StreamJob
metadata: { name: t }
spec:
  kafka: { bootstrapServers: ['kafka:9092'] }
  inputs: [{ name: in, topic: in }]
  code: { configMapRef: { name: c, key: job.ts } }
`,
      },
      /neither a ConfigMap "c" with the key "job\.ts" nor a file job\.ts beside it/,
    ],
  ]
  for (const [what, files, message] of faults) {
    it(`refuses ${what}`, async () => {
      for (const [name, text] of Object.entries(files)) write(name, text)
      await rejects(test({ paths: [folder] }), { name: 'FriendlyError', message })
    })
  }
})
