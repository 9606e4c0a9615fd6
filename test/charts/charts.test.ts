import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { generatedChartFiles, valuesOf } from '../../charts/generate.ts'
import { command, hasCommand } from '../support/command.ts'
import { requireOrSkip } from '../support/skip.ts'
import { helmBinary } from './helm.ts'
import { chartFolder, charts, helm, notes, refusal, render, type ChartName } from './render.ts'
import { container, workloads } from './rendered.ts'

interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
}

const schemaOf = (chart: ChartName): Schema =>
  JSON.parse(readFileSync(join(chartFolder(chart), 'values.schema.json'), 'utf8')) as Schema
const valuesFile = (chart: ChartName): string =>
  readFileSync(join(chartFolder(chart), 'values.yaml'), 'utf8')

/** Everything on, so that no template is left out. */
const everything: Readonly<Record<ChartName, object>> = {
  zookeeper: { replicas: 3, persistence: { enabled: true }, imagePullSecrets: ['pull'] },
  kafka: { replicas: 3, persistence: { enabled: true }, imagePullSecrets: ['pull'] },
  millrace: { replicas: 2, watchNamespaces: ['a', 'b'], podMonitor: { enabled: true } },
}
const monitoring = ['--api-versions', 'monitoring.coreos.com/v1/PodMonitor']

describe('charts', () => {
  before(async function () {
    this.timeout(10 * 60_000)
    const present = (await hasCommand('helm')) || (await hasCommand('go'))
    requireOrSkip(this, present ? undefined : 'neither helm nor go (to build helm) is installed')
    await helmBinary({ log: console.log })
  })

  it('are what charts/generate.ts would write', async () => {
    const root = join(import.meta.dirname, '..', '..')
    for (const [path, text] of await generatedChartFiles(root)) {
      expect(readFileSync(join(root, path), 'utf8'), `${path}: run npm run generate`).to.equal(text)
    }
  })

  for (const chart of charts) describe(chart, () => describeChart(chart))
})

function describeChart(chart: ChartName): void {
  it('passes helm lint', async () => {
    const { code, stdout } = await helm(['lint', '--strict', chartFolder(chart)])
    expect(code, stdout).to.equal(0)
  })

  it('has one object a file', async () => {
    const { stdout } = await helm(
      ['template', chart, chartFolder(chart), ...monitoring],
      everything[chart],
    )
    const kinds = new Map<string, Set<string>>()
    for (const [, file = '', body = ''] of stdout.matchAll(
      /^# Source: (\S+)\n([^]*?)(?=^---|$(?![^]))/gm,
    )) {
      const kind = /^kind: (\w+)$/m.exec(body)?.[1]
      if (kind !== undefined) kinds.set(file, (kinds.get(file) ?? new Set()).add(kind))
    }
    expect(kinds.size).to.be.greaterThan(4)
    for (const [file, found] of kinds) expect([...found], file).to.have.length(1)
  })

  it('labels every object and selects by labels that never change', async () => {
    for (const object of await render(chart, everything[chart], monitoring)) {
      expect(object.metadata.labels, `${object.kind} ${object.metadata.name}`).to.include.keys(
        'app.kubernetes.io/name',
        'app.kubernetes.io/instance',
        'app.kubernetes.io/version',
        'app.kubernetes.io/component',
        'app.kubernetes.io/part-of',
        'app.kubernetes.io/managed-by',
        'helm.sh/chart',
      )
    }
    for (const { spec } of workloads(await render(chart))) {
      expect(Object.keys(spec.selector.matchLabels)).to.have.members([
        'app.kubernetes.io/name',
        'app.kubernetes.io/instance',
      ])
    }
  })

  it('runs its pods under the restricted Pod Security Standard', async () => {
    for (const { spec } of workloads(await render(chart, everything[chart]))) {
      const pod = spec.template.spec
      expect(pod.securityContext).to.deep.include({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(pod).not.to.have.any.keys('hostNetwork', 'hostPID', 'hostIPC')
      for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
        expect(container.securityContext).to.deep.equal({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
      }
    }
  })

  it('gives every container resources, and every long-running one three probes and a writable /tmp', async () => {
    for (const { spec } of workloads(await render(chart))) {
      const pod = spec.template.spec
      expect(pod.terminationGracePeriodSeconds).to.be.greaterThan(0)
      for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
        expect(container.resources.requests).to.have.all.keys('cpu', 'memory')
        expect(container.resources.limits).to.have.all.keys('memory')
      }
      for (const container of pod.containers) {
        expect(container).to.include.keys('startupProbe', 'readinessProbe', 'livenessProbe')
        expect(container.volumeMounts).to.deep.include({ name: 'tmp', mountPath: '/tmp' })
      }
    }
  })

  it('builds the image from registry, repository, tag and digest', async () => {
    const imageFor = async (values: object): Promise<string> =>
      container(await render(chart, values)).image
    expect(await imageFor({ image: { repository: 'x/y', tag: '1' } })).to.equal('x/y:1')
    const digest = `sha256:${'a'.repeat(64)}`
    expect(
      await imageFor({ global: { imageRegistry: 'r.io' }, image: { repository: 'x/y', digest } }),
    ).to.equal(`r.io/x/y@${digest}`)
  })

  it('documents every value', () => {
    for (const { path, description } of valuesOf(valuesFile(chart))) {
      expect(description, `charts/${chart}/values.yaml: no comment above ${path}`).not.to.equal('')
    }
  })

  it('has a schema for every value', () => {
    for (const { path } of valuesOf(valuesFile(chart))) {
      let schema: Schema | undefined = schemaOf(chart)
      for (const key of path.split('.')) schema = schema?.properties?.[key]
      expect(schema, `charts/${chart}/values.schema.json: no ${path}`).to.exist
    }
  })

  it('closes every object of its schema but global, which belongs to Helm', () => {
    const open: string[] = []
    walk(schemaOf(chart), '', (schema, path) => {
      if (schema.type === 'object' && schema.additionalProperties === undefined) open.push(path)
    })
    expect(open).to.deep.equal(['.global'])
  })

  it('refuses a value that is misspelt', async () => {
    expect(await refusal(chart, { replica: 3 })).to.include("'replica' not allowed")
    expect(await refusal(chart, { image: { tga: '1' } })).to.include("'tga' not allowed")
    expect(await refusal(chart, { resources: { limits: { mem: '1' } } })).to.include(
      "'mem' not allowed",
    )
  })

  it('prints the commands that come next', async () => {
    const text = await notes(chart, everything[chart])
    expect(text).to.match(/kubectl --namespace flows rollout status \S+ --timeout=/)
    expect(text).to.include(`helm uninstall ${chart} --namespace flows`)
  })

  it('is packaged with its generated and static files', async () => {
    const files = readdirSync(chartFolder(chart))
    expect(files).to.include.members([
      'Chart.yaml',
      'README.md',
      'values.yaml',
      'values.schema.json',
    ])
    const shown = await command([
      await helmBinary({ log: console.log }),
      'show',
      'chart',
      chartFolder(chart),
    ])
    expect(shown)
      .to.match(/^apiVersion: v2$/m)
      .and.to.match(/^kubeVersion: /m)
  })
}

function walk(schema: Schema, path: string, visit: (schema: Schema, path: string) => void): void {
  visit(schema, path)
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    walk(child, `${path}.${key}`, visit)
  }
  if (schema.items !== undefined) walk(schema.items, `${path}[]`, visit)
}
