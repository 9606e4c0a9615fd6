import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { FriendlyError } from '../../cli/friendly-error.ts'
import { readManifests } from '../../cli/manifests.ts'

const topic = 'apiVersion: millrace.dev/v1alpha1\nkind: Topic\nmetadata: { name: t }\n'

describe('cli/manifests.ts', () => {
  let folder: string

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-manifests-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  it('reads every document of every YAML file of a folder', () => {
    write('a.yaml', `${topic}---\n${topic}`)
    write('b.yml', topic)
    write('notes.txt', 'no manifest')
    expect(readManifests(folder)).to.have.length(3)
  })

  it('puts what names no namespace into "default"', () => {
    const [object] = readManifests(write('a.yaml', topic))
    expect(object?.metadata).to.deep.equal({ name: 't', namespace: 'default' })
  })

  it('makes the ConfigMap of a job whose code lies beside it', () => {
    write('job.ts', 'export default 1')
    const spec = 'spec: { code: { configMapRef: { name: jobs, key: job.ts } } }'
    write(
      'job.yaml',
      `apiVersion: millrace.dev/v1alpha1\nkind: StreamJob\nmetadata: { name: j }\n${spec}`,
    )
    const [configMap] = readManifests(folder)
    expect(configMap).to.deep.include({ kind: 'ConfigMap', data: { 'job.ts': 'export default 1' } })
  })

  const rows = [
    ['a path that is not there', () => join(folder, 'nope'), /nope: there is no such file/],
    ['a folder without manifests', () => folder, /there is no manifest in it/],
    ['bad YAML, with its place', () => write('a.yaml', 'a: [1\nb: 2\n'), /a\.yaml:\d+:\d+: /],
    ['a document without a kind', () => write('a.yaml', 'a: 1\n'), /a\.yaml:1: a manifest has/],
  ] as const
  for (const [title, path, message] of rows) {
    it(`refuses ${title}`, () =>
      expect(() => readManifests(path())).to.throw(FriendlyError, message))
  }
})
