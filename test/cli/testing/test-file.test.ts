import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { FriendlyError } from '../../../cli/friendly-error.ts'
import { readTestFile } from '../../../cli/testing/test-file.ts'

const head = 'job: j.yaml\ntests:\n'

describe('cli/testing/test-file.ts', () => {
  let folder: string

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-test-file-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  const read = (text: string) => {
    const file = join(folder, 'x.test.yaml')
    writeFileSync(file, text)
    return readTestFile(file)
  }

  it('reads tests of one step and of several, and knows where each part is', () => {
    const { job, tests, placeOf } = read(
      `${head}` +
        '  - name: one\n    given: { in: [{ value: 1 }] }\n    expect: { out: { anyOrder: [] } }\n' +
        '  - name: two\n    steps:\n      - { restart: true }\n      - expect:\n          out: []\n',
    )
    expect(job).to.equal('j.yaml')
    expect(tests.map(({ name }) => name)).to.deep.equal(['one', 'two'])
    const place = placeOf(['tests', 1, 'steps', 1, 'expect', 'out'])
    expect(place).to.equal(join(folder, 'x.test.yaml:10:11'))
  })

  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['bad YAML', 'job: [1\ntests: 2\n', /x\.test\.yaml:\d+:\d+: /],
    [
      'a field that is mistyped',
      `${head}  - name: a\n    givn: {}\n    expect: {}\n`,
      /:4:5: there is no field givn here\. Did you mean "given"\?/,
    ],
    [
      'a field of a record that is mistyped',
      `${head}  - name: a\n    expect:\n      out:\n        - { valeu: 1 }\n`,
      /:6:13: there is no field valeu here\. Did you mean "value"\?/,
    ],
    [
      'a time that is none',
      `${head}  - name: a\n    given: { in: [{ value: 1, at: soon }] }\n`,
      /:4:31: tests\[0\]\.given\.in\[0\]\.at: write a duration since the start of the test/,
    ],
    [
      'a date without zone',
      `${head}  - name: a\n    given: { in: [{ value: 1, at: '2026-03-01T12:00' }] }\n`,
      /write a duration since the start of the test/,
    ],
    [
      'a record without value',
      `${head}  - name: a\n    given: { in: [{ key: a }] }\n`,
      /:4:\d+: tests\[0\]\.given\.in\[0\]: a record has either a value/,
    ],
    [
      'value and contains in one',
      `${head}  - name: a\n    expect: { out: [{ value: 1, contains: 1 }] }\n`,
      /write value, which is compared exactly, or contains, not both/,
    ],
    [
      'what is no list of records',
      `${head}  - name: a\n    expect: { out: 1 }\n`,
      /:4:15: tests\[0\]\.expect\.out: write a list, or anyOrder with a list/,
    ],
    ['a test that does nothing', `${head}  - name: a\n`, /:3:5: tests\[0\]: a test has either/],
    [
      'steps beside a step',
      `${head}  - name: a\n    expect: {}\n    steps: [{ advance: 1m }]\n`,
      /a test has either given and expect, or steps that have them/,
    ],
    ['a file without tests', 'job: j.yaml\n', /x\.test\.yaml:1:1: tests: /],
  ]
  for (const [what, text, message] of rows) {
    it(`refuses ${what}`, () => expect(() => read(text)).to.throw(FriendlyError, message))
  }

  it('refuses a file that is not there', () => {
    expect(() => readTestFile(join(folder, 'none.test.yaml'))).to.throw(FriendlyError, /none\.test/)
  })
})
