import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { parse, stringify } from 'yaml'
import {
  type ApiServer,
  FIRST_START_MS,
  missingForApiServer,
  sharedApiServer,
} from '../cluster/api-server.ts'
import { badManifests } from '../crds/bad-manifests.ts'
import { goodJob, goodTopic } from '../crds/good-manifests.ts'
import { eventually } from '../support/eventually.ts'
import { requireOrSkip } from '../support/skip.ts'

describe('crds/*.yaml on a real API server', function () {
  this.timeout(120_000)
  let api: ApiServer

  const manifest = (kind: string, name: string, spec: unknown) =>
    stringify({
      apiVersion: 'millrace.dev/v1alpha1',
      kind,
      metadata: { name, namespace: 'default' },
      spec: JSON.parse(JSON.stringify(spec)) as unknown,
    })

  before(async function () {
    this.timeout(FIRST_START_MS)
    requireOrSkip(this, await missingForApiServer())
    api = await sharedApiServer()
    await api.kubectl(['apply', '-f', 'crds/'])
    await api.kubectl(['wait', '--for=condition=Established', 'crd', '--all'])
    await eventually(() => api.kubectl(['get', 'streamjobs,topics']))
  })

  it('take a plain job and a plain topic, and fill in the defaults', async () => {
    await api.kubectl(['apply', '-f', '-'], manifest('StreamJob', 'good', goodJob))
    await api.kubectl(['apply', '-f', '-'], manifest('Topic', 'good', goodTopic))
    const job = JSON.parse(await api.kubectl(['get', 'sj', 'good', '-o', 'json'])) as {
      spec: Record<string, unknown>
    }
    expect(job.spec).to.include({
      replicas: 1,
      suspend: false,
      onError: 'Fail',
      compression: 'None',
      guarantee: 'AtLeastOnce',
    })
    await api.kubectl(['get', 'millrace'])
  })

  for (const [kind, plural] of [
    ['streamjob', 'streamjobs'],
    ['topic', 'topics'],
  ] as const) {
    it(`explain every field of a ${kind}, and no more`, async () => {
      const text = await api.kubectl(['explain', `${kind}.spec`, '--recursive'])
      expect(explainedPaths(text)).to.deep.equal(specPaths(plural))
      const field = await api.kubectl(['explain', `${kind}.spec.kafka.bootstrapServers`])
      expect(field).to.contain('host:port')
    })
  }

  it('scale a job', async () => {
    await api.kubectl(['scale', 'sj', 'good', '--replicas=3'])
    expect(await api.kubectl(['get', 'sj', 'good', '-o', 'jsonpath={.spec.replicas}'])).to.equal(
      '3',
    )
  })

  it(`have at least twenty bad manifests to refuse`, () => {
    expect(badManifests.length).to.be.at.least(20)
  })

  badManifests.forEach(({ sentence, kind, before, name, spec, says }, index) => {
    it(`refuse ${sentence}, and say what to write`, async () => {
      const object = name ?? `bad-${index}`
      if (before !== undefined)
        await api.kubectl(['apply', '-f', '-'], manifest(kind, object, before))
      const { code, stderr } = await api.tryKubectl(
        ['apply', '-f', '-', '--validate=strict'],
        manifest(kind, object, spec),
      )
      expect(code, stderr).to.not.equal(0)
      expect(stderr).to.match(says)
    })
  })
})

/** `  kafka <Object> -required-`, two spaces deeper for what lies within. */
function explainedPaths(text: string): string[] {
  const path: string[] = []
  const lines = text.slice(text.indexOf('FIELDS:')).split('\n')
  return lines.flatMap((line) => {
    const [, indent, name] = /^( +)(\S+)\t</.exec(line) ?? []
    if (indent === undefined || name === undefined) return []
    path.splice(indent.length / 2 - 1, Infinity, name)
    return [path.join('.')]
  })
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

function specPaths(plural: string): string[] {
  const crd = parse(readFileSync(`crds/${plural}.yaml`, 'utf8')) as {
    spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[] }
  }
  const spec = crd.spec.versions[0]?.schema.openAPIV3Schema.properties.spec
  return pathsIn(spec ?? {}).sort(byPath)
}

const pathsIn = ({ properties = {}, items }: Schema, above: readonly string[] = []): string[] => [
  ...Object.entries(properties).flatMap(([name, schema]) => [
    [...above, name].join('.'),
    ...pathsIn(schema, [...above, name]),
  ]),
  ...(items === undefined ? [] : pathsIn(items, above)),
]

/** As kubectl sorts: the names of each level by themselves. */
function byPath(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')]
  const at = left.findIndex((name, index) => name !== right[index])
  if (at < 0) return left.length - right.length
  const [x = '', y = ''] = [left[at], right[at]]
  return x < y ? -1 : 1
}
