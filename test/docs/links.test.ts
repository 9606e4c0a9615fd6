import { existsSync } from 'node:fs'
import { dirname, normalize } from 'node:path'
import { expect } from 'chai'
import { pages } from './page.ts'

/** GitHub's anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

const anchors = new Map(
  pages.map(({ file, headings }) => [file, new Set(headings.map(anchorOf))] as const),
)

function faultOf(file: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#')
  const aim = path === '' ? file : normalize(`${dirname(file)}/${path}`)
  if (!existsSync(aim)) return `${target}: there is no ${aim}`
  if (anchor === undefined || anchors.get(aim)?.has(anchor) === true) return undefined
  return `${target}: ${aim} has no heading for it`
}

describe('links in the docs', () => {
  for (const { file, links } of pages) {
    it(`of ${file} lead somewhere`, () => {
      const own = links.filter((target) => !/^[a-z]+:/.test(target))
      expect(own.flatMap((target) => faultOf(file, target) ?? [])).to.deep.equal([])
    })
  }

  for (const { file, fences } of pages) {
    it(`and paths in commands of ${file} are there`, () => {
      const commands = fences.filter(({ language }) => language === 'sh').map(({ text }) => text)
      const paths = commands.flatMap((text) =>
        [...text.matchAll(/(?<=\s)(?:charts|crds|examples|cli|test)\/[\w./-]+/g)].map(([p]) => p),
      )
      expect(paths.filter((path) => !existsSync(path))).to.deep.equal([])
    })
  }

  for (const { file, spans } of pages) {
    it(`and files of ours that ${file} names are there`, () => {
      const named = spans.filter((span) => /^[\w-]+\/[\w./-]*(?:\/|\.\w+)$/.test(span))
      const ours = named.filter((path) => existsSync(path.split('/')[0] ?? ''))
      expect(ours.filter((path) => !existsSync(path))).to.deep.equal([])
    })
  }

  it('leave no page of docs/ out of the index', () => {
    const index = pages.find(({ file }) => file === 'docs/README.md')
    const guides = pages
      .map(({ file }) => /^docs\/(.+\.md)$/.exec(file)?.[1] ?? '')
      .filter((name) => name !== '' && name !== 'README.md' && !name.startsWith('adr/'))
    expect(index?.links).to.include.members(guides)
  })
})
