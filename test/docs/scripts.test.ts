import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { pageOf, pages } from './page.ts'

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}

/** `npm start` and `npm test` need no `run`; what else follows npm is npm's own. */
const scriptsIn = (text: string): string[] =>
  [...text.matchAll(/\bnpm (?:run (?:-s )?([\w:]+)|(start|test)\b)/g)].map(
    ([, run, short]) => run ?? short ?? '',
  )

describe('npm scripts', () => {
  it('are all in CONTRIBUTING.md', () => {
    const named = pageOf('CONTRIBUTING.md').spans.flatMap(scriptsIn)
    expect([...new Set(named)].sort()).to.deep.equal(Object.keys(scripts).sort())
  })

  for (const { file } of pages) {
    it(`that ${file} names exist`, () => {
      const named = scriptsIn(readFileSync(file, 'utf8'))
      expect(named.filter((name) => !Object.hasOwn(scripts, name))).to.deep.equal([])
    })
  }
})
