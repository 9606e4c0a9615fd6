import { expect } from 'chai'
import { z } from 'zod'
import { customResourceDefinition, kinds } from '../../crds/definition.ts'
import { streamJobSchema } from '../../crds/streamjob.ts'
import { structural } from '../../crds/structural.ts'
import { topicSchema } from '../../crds/topic.ts'
import { generatedFiles } from '../../crds/generated.ts'
import { badManifests } from './bad-manifests.ts'
import { goodJob, goodTopic } from './good-manifests.ts'

const schemas = { StreamJob: streamJobSchema, Topic: topicSchema }

const parse = (kind: 'StreamJob' | 'Topic', spec: unknown) =>
  schemas[kind].safeParse({
    apiVersion: 'millrace.dev/v1alpha1',
    kind,
    metadata: { name: 'x' },
    spec,
  })

describe('crds/streamjob.ts and crds/topic.ts', () => {
  it('take a plain job and a plain topic', () => {
    expect(parse('StreamJob', goodJob).success).to.equal(true)
    expect(parse('Topic', goodTopic).success).to.equal(true)
  })

  // Transitions, object names and duplicate keys are the API server's to see.
  const offline = badManifests.filter(
    ({ before, name, sentence }) =>
      before === undefined && name === undefined && !sentence.includes('two steps'),
  )
  for (const { sentence, kind, spec } of offline) {
    it(`refuse ${sentence}, with no API server at hand`, () => {
      expect(parse(kind, spec).success).to.equal(false)
    })
  }
})

describe('crds/definition.ts', () => {
  it('describes every field, for kubectl explain', () => {
    const missing: string[] = []
    const visit = (path: string, node: Record<string, unknown>): void => {
      if (typeof node.description !== 'string' && !path.endsWith('{}') && !path.endsWith('[]'))
        missing.push(path)
      for (const [name, child] of Object.entries(
        (node.properties ?? {}) as Record<string, Record<string, unknown>>,
      )) {
        visit(`${path}.${name}`, child)
      }
      if (node.items !== undefined) visit(`${path}[]`, node.items as Record<string, unknown>)
    }
    for (const kind of kinds) {
      const [version] = customResourceDefinition(kind).spec.versions
      visit(kind.kind, version?.schema.openAPIV3Schema as unknown as Record<string, unknown>)
    }
    expect(missing).to.deep.equal([])
  })

  it('names no field as kubectl would read it as something else than text', () => {
    // YAML 1.1, which Kubernetes reads: `on: value.card` is the field `true`.
    const surprising = /^\s*(on|off|y|n|yes|no|true|false|null|~):/im
    for (const [path, content] of generatedFiles())
      if (path.endsWith('.yaml')) expect(surprising.exec(content)?.[1], path).to.equal(undefined)
  })

  it('stays small enough for kubectl apply', () => {
    for (const [path, content] of generatedFiles()) {
      if (path.endsWith('.yaml')) expect(content.length, path).to.be.lessThan(60_000)
    }
  })
})

describe('crds/structural.ts', () => {
  it('throws on what a CRD cannot say, instead of losing it', () => {
    expect(() => structural(z.union([z.string(), z.boolean()]))).to.throw(/anyOf/)
  })
})
