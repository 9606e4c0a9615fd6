import { expect } from 'chai'
import { aggregateNames, signaturesOf } from '../../runtime/expr/aggregates/functions.ts'
import { compile } from '../../runtime/expr/compile.ts'
import { functions } from '../../runtime/expr/functions.ts'
import { generatorEnvironment } from '../../runtime/expr/generator-environment.ts'
import { operators } from '../../runtime/expr/operators.ts'
import { recordEnvironment } from '../../runtime/expr/record-environment.ts'
import type { StreamRecord } from '../../runtime/topology/record.ts'
import { pageOf, rowsOf, spansOf } from './page.ts'

const page = pageOf('docs/writing-jobs.md')
const value = JSON.parse(
  page.fences.find(({ language }) => language === 'json')?.text ?? '',
) as unknown
const record: StreamRecord = {
  topic: 'payments',
  partition: 0,
  offset: 0,
  timestamp: 0,
  key: 'card-1',
  value,
  headers: [],
  window: null,
}
const rows = page.tables
  .filter(({ columns }) => columns.join() === 'expression,gives')
  .flatMap((table) => table.rows)
  .map(([expression = '', gives = '']) => ({ source: spansOf(expression)[0] ?? '', gives }))

describe('expressions in docs/writing-jobs.md', () => {
  for (const { source, gives } of rows) {
    it(`${source} gives ${gives}`, () => {
      const evaluate = () => compile(source, recordEnvironment).evaluate(record)
      const [, message] = /^error: (.*)$/.exec(gives) ?? []
      if (message === undefined)
        expect(evaluate()).to.deep.equal(JSON.parse(spansOf(gives)[0] ?? ''))
      else expect(evaluate).to.throw(message)
    })
  }

  const sources = rows.map(({ source }) => source).join('\n')

  for (const name of Object.keys(functions)) {
    it(`show the function ${name}`, () => {
      expect(sources).to.contain(`${name}(`)
    })
  }

  for (const name of Object.keys(operators)) {
    it(`show the operator ${name}`, () => {
      expect(sources).to.contain(name.replaceAll(/[_@]/g, '').replace(']', ''))
    })
  }

  it('name every way of calling an aggregate function, and no other', () => {
    const named = rowsOf(page, 'aggregate', 'gives').flatMap(({ aggregate }) => spansOf(aggregate))
    expect(named).to.deep.equal(aggregateNames.flatMap(signaturesOf))
  })

  it('name every variable of a record, and no other', () => {
    const named = rowsOf(page, 'variable', 'is').flatMap(({ variable }) => spansOf(variable))
    expect(named).to.have.members(Object.keys(recordEnvironment.variables))
  })

  it('name every variable and function of a generator', () => {
    const { variables, functions: own = {} } = generatorEnvironment
    const section = page.spans.map((span) => span.replace(/\(.*/, ''))
    expect(section).to.include.members([...Object.keys(variables), ...Object.keys(own)])
  })
})
