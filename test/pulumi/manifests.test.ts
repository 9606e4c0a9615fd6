import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readManifests } from '../../pulumi/manifests.ts'

describe('pulumi/manifests.ts', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-manifests-'))
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  const manifest = (kind: string, name: string, group = 'millrace.dev/v1alpha1') =>
    `apiVersion: ${group}\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: {}\n`

  it('puts topics before the jobs that use them, whatever the files are called', () => {
    writeFileSync(
      join(folder, 'a.yaml'),
      `${manifest('StreamJob', 'job')}---\n${manifest('Topic', 'in')}`,
    )
    writeFileSync(join(folder, 'b.yaml'), `${manifest('Topic', 'out')}---\n`)
    writeFileSync(join(folder, 'README.md'), 'not a manifest')
    expect(readManifests(folder).map(({ metadata }) => metadata.name)).to.deep.equal([
      'in',
      'out',
      'job',
    ])
  })

  it('refuses what is not ours', () => {
    writeFileSync(join(folder, 'a.yaml'), manifest('Secret', 'x', 'v1'))
    expect(() => readManifests(folder)).to.throw(`a.yaml has a Secret`)
  })
})
