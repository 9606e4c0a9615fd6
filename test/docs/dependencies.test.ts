import { globSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { pageOf, spansOf } from './page.ts'

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const { tables } = pageOf('docs/adr/0003-dependencies.md')
const [production = [], development = []] = tables.map(({ rows }) => rows)
const packagesOf = (rows: readonly (readonly string[])[]) =>
  rows.flatMap(([name = '']) => spansOf(name))

const sources = globSync('{crds,runtime,operator,dashboard,cli,charts,pulumi,examples}/**/*.ts')

/** The files of ours, tests aside, that import the package. */
const importersOf = (name: string): string[] =>
  sources.filter((file) =>
    new RegExp(`(?:from|import) '${name}(?:/[^']*)?'`).test(readFileSync(file, 'utf8')),
  )

describe('docs/adr/0003-dependencies.md', () => {
  it('has a line for each dependency, and no other', () => {
    expect(packagesOf(production)).to.have.members(Object.keys(manifest.dependencies))
  })

  it('has a line for each devDependency, and no other', () => {
    expect(packagesOf(development)).to.have.members(Object.keys(manifest.devDependencies))
  })

  for (const [name = '', , , door = ''] of [...production, ...development]) {
    const [id = ''] = spansOf(name)
    it(`says where ${id} is imported`, () => {
      const doors = spansOf(door)
      const others = importersOf(id).filter((file) => !doors.some((d) => file.startsWith(d)))
      expect(others).to.deep.equal([])
    })
  }

  for (const [name = '', , , door = ''] of production) {
    const [id = ''] = spansOf(name)
    for (const folder of spansOf(door)) {
      it(`names ${folder} as a door of ${id} that is used`, () => {
        expect(importersOf(id).some((file) => file.startsWith(folder))).to.equal(true)
      })
    }
  }

  it('and package.json name exact versions', () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).to.deep.equal([])
  })
})
