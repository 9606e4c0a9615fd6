import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { expect } from 'chai'
import { fieldsOf } from '../../cli/testing/test-schema.ts'
import { TopologyTestDriver } from '../../runtime/testing/topology-test-driver.ts'
import { tryCommand } from '../support/command.ts'
import { pageOf, spansOf } from './page.ts'

const page = pageOf('docs/testing.md')

/** Blocks that begin with a comment are files of that name. */
const files = page.fences.flatMap(({ text }) => {
  const [, name] = /^(?:#|\/\/) (\S+)\n/.exec(text) ?? []
  return name === undefined ? [] : [{ name, text }]
})

describe('docs/testing.md', function () {
  this.timeout(60_000)
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-docs-testing-'))
    for (const { name, text } of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), `${text}\n`)
    }
  })
  after(() => rmSync(folder, { recursive: true }))

  const node = (...args: readonly string[]) =>
    tryCommand([process.execPath, ...args], { cwd: folder })

  it('has tests in YAML that pass, but for the one that is wrong', async () => {
    const { code, stdout } = await node(resolve('cli/main.ts'), 'test')
    expect(stdout).to.match(/3 passed, 1 failed\n$/)
    expect(stdout).to.contain(page.fences.find(({ language }) => language === 'text')?.text)
    expect(code).to.equal(1)
  })

  it('has tests in TypeScript that pass', async () => {
    const names = files.map(({ name }) => name).filter((name) => name.endsWith('.test.ts'))
    const { code, stdout } = await node(
      '--import',
      resolve('test/docs/from-source.ts'),
      '--test',
      ...names,
    )
    expect(code, stdout).to.equal(0)
    expect(stdout).to.match(/pass 2\b/)
  })

  const listed = page.tables
    .filter(({ columns: [first] }) => first === 'field')
    .map(({ rows }) => rows.flatMap(([name = '']) => spansOf(name)))

  for (const [index, what] of (['step', 'given', 'expected'] as const).entries()) {
    it(`lists the fields of what is ${what}`, () => {
      expect(listed[index]).to.deep.equal(fieldsOf[what])
    })
  }

  it('lists the methods of a driver', () => {
    const rows = page.tables.find(({ columns: [first] }) => first === 'method')?.rows ?? []
    const names = rows.flatMap(([name = '']) => spansOf(name).map((span) => span.split('(')[0]))
    const methods = Object.getOwnPropertyNames(TopologyTestDriver.prototype)
    expect(names).to.have.members(methods.filter((name) => name !== 'constructor'))
  })
})
