import { expect } from 'chai'
import { parseAllDocuments } from 'yaml'
import { type StreamJob, streamJobSchema, topicSchema } from '../../crds/index.ts'
import { step } from '../../crds/step.ts'
import { GroupedStream } from '../../runtime/dsl/grouped-stream.ts'
import { GroupedTable } from '../../runtime/dsl/grouped-table.ts'
import { Stream } from '../../runtime/dsl/stream.ts'
import { Table } from '../../runtime/dsl/table.ts'
import { WindowedStream } from '../../runtime/dsl/windowed-stream.ts'
import { aggregateNames } from '../../runtime/expr/aggregates/functions.ts'
import { lint } from '../../runtime/lint.ts'
import { configOf, examplesIn, jobOf, placeOf, runExample } from './example.ts'
import { pageOf, pages } from './page.ts'
import { typeFaults } from './type-faults.ts'

const fences = pages.flatMap((page) => page.fences)
const examples = pages.flatMap(examplesIn)
const kinds = { StreamJob: streamJobSchema, Topic: topicSchema }

/** Every object that a `yaml` block holds and that is of our kinds. */
const manifests = fences
  .filter(({ language }) => language === 'yaml')
  .flatMap((fence) =>
    [...parseAllDocuments(fence.text)].map((document) => ({
      place: placeOf(fence),
      object: document.toJS() as { readonly kind?: string },
    })),
  )
  .filter(({ object }) => Object.hasOwn(kinds, object.kind ?? ''))

describe('examples in the docs', () => {
  for (const { place, object } of manifests) {
    it(`${place} is a ${object.kind} that a cluster takes`, () => {
      const parsed = kinds[object.kind as keyof typeof kinds].parse(object)
      if (object.kind === 'StreamJob') expect(lint(configOf(parsed as StreamJob))).to.deep.equal([])
    })
  }

  for (const fence of fences.filter(isPartOfJob)) {
    it(`${placeOf(fence)} is a part of a job that has nothing wrong`, () => {
      const example = examples.find(({ code }) => code === fence)
      const job = jobOf(example ?? { code: fence, given: [], expected: [] })
      expect(lint(configOf(job))).to.deep.equal([])
    })
  }

  for (const example of examples) {
    it(`${placeOf(example.code)} gives the records below it`, () => runExample(example))
  }

  function isPartOfJob({ language, text }: { readonly language: string; readonly text: string }) {
    return language === 'yaml' && /^(inputs|steps|outputs|onError):/m.test(text)
  }
})

const codeOf = (...files: readonly string[]) =>
  files
    .flatMap((file) => examplesIn(pageOf(file)))
    .map((example) => example.code.text)
    .join('\n')

describe('docs on steps', () => {
  const code = codeOf(
    'docs/writing-jobs.md',
    'docs/operations.md',
    'docs/tables.md',
    'docs/joins.md',
    'docs/windows.md',
  )

  for (const field of Object.keys(step.shape).filter((name) => !['name', 'from'].includes(name))) {
    it(`runs an example of the operation ${field}`, () => {
      expect(code).to.match(new RegExp(`\\b${field}:`))
    })
  }

  for (const name of aggregateNames) {
    it(`runs an example of the aggregate ${name}`, () => {
      expect(code).to.match(new RegExp(`\\b${name}\\(`))
    })
  }
})

describe('docs on TypeScript jobs', () => {
  it('has examples without type errors', function () {
    this.timeout(60_000)
    expect(typeFaults(fences.filter(({ language }) => language === 'ts'))).to.deep.equal([])
  })

  const pagesOfCode = ['typescript-jobs', 'operations', 'tables', 'joins', 'windows', 'processors']
  const code = codeOf(...pagesOfCode.map((page) => `docs/${page}.md`))

  const classes = [Stream, GroupedStream, WindowedStream, Table, GroupedTable].map(
    ({ prototype }) => prototype as object,
  )
  for (const operation of new Set(classes.flatMap(methodsOf))) {
    it(`runs an example of .${operation}(…)`, () => {
      expect(code).to.match(new RegExp(`\\.${operation}[(<]`))
    })
  }

  for (const name of ['fields', ...aggregateNames]) {
    it(`runs an example of ${name}(…)`, () => {
      expect(code).to.match(new RegExp(`\\b${name}\\(`))
    })
  }
})

function methodsOf(prototype: object): string[] {
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor')
}
