import { expect } from 'chai'
import { AlreadyExists, Conflict, Invalid } from '../../operator/errors.ts'
import { kinds } from '../../operator/kube/kinds.ts'
import type { Kube, KubeObject, WatchEvent } from '../../operator/kube/kube.ts'
import { eventually } from '../support/eventually.ts'
import { goodTopic } from '../crds/good-manifests.ts'

interface ConfigMap extends KubeObject {
  data?: Record<string, string>
}

interface Topic extends KubeObject {
  spec: Record<string, unknown>
  status?: Record<string, unknown>
}

const namespace = 'contract'
let counter = 0

/** What the operator relies on in an API server. Needs the CRDs and the namespace `contract`. */
export function kubeContract(open: () => Promise<Kube>): void {
  let kube: Kube
  let name: string

  before(async () => {
    kube = await open()
  })

  beforeEach(() => {
    name = `object-${++counter}`
  })

  const refOf = (kind: { apiVersion: string; kind: string }) => ({ ...kind, namespace, name })
  const configMap = (data: Record<string, string>, more: Partial<KubeObject['metadata']> = {}) => ({
    ...kinds.configMap,
    metadata: { name, namespace, ...more },
    data,
  })
  const topic = (spec: object = {}): Topic => ({
    ...kinds.topic,
    metadata: { name, namespace },
    spec: JSON.parse(JSON.stringify({ ...goodTopic, ...spec })) as Record<string, unknown>,
  })

  it('has nothing to say of what does not exist', async () => {
    expect(await kube.get(refOf(kinds.configMap))).to.equal(undefined)
    await kube.delete(refOf(kinds.configMap))
    await kube.setFinalizer(refOf(kinds.configMap), 'a.b/c', true)
  })

  it('creates once', async () => {
    await kube.create(configMap({ a: '1' }))
    const again = await kube.create(configMap({ a: '1' })).catch((error: unknown) => error)
    expect(again).to.be.instanceOf(AlreadyExists)
  })

  it('replaces only what has not changed since it was read', async () => {
    const first = await kube.create<ConfigMap>(configMap({ a: '1' }))
    await kube.replace({ ...first, data: { a: '2' } })
    const late = await kube.replace({ ...first, data: { a: '3' } }).catch((e: unknown) => e)
    expect(late).to.be.instanceOf(Conflict)
  })

  it('applies: what was ours and is left out goes, what is others’ stays', async () => {
    await kube.apply<ConfigMap>(configMap({ a: '1', b: '1' }))
    const live = await kube.get<ConfigMap>(refOf(kinds.configMap))
    await kube.replace<ConfigMap>({ ...live!, data: { ...live!.data, theirs: 'x' } })
    await kube.apply<ConfigMap>(configMap({ b: '2' }))
    const after = await kube.get<ConfigMap>(refOf(kinds.configMap))
    expect(after?.data).to.deep.equal({ b: '2', theirs: 'x' })
  })

  it('changes no version when an apply changes nothing', async () => {
    const first = await kube.apply<ConfigMap>(configMap({ a: '1' }))
    const second = await kube.apply<ConfigMap>(configMap({ a: '1' }))
    expect(second.metadata.resourceVersion).to.equal(first.metadata.resourceVersion)
  })

  it('fills in the defaults of a custom resource', async () => {
    const { spec } = await kube.apply(topic())
    expect(spec).to.include({ deletionPolicy: 'Retain' })
  })

  it('refuses a custom resource that its schema does not allow', async () => {
    const bad = await kube.apply(topic({ partitions: 0 })).catch((error: unknown) => error)
    expect(bad).to.be.instanceOf(Invalid)
    expect((bad as Error).message).to.contain('partitions')
  })

  it('counts a generation for the spec, none for the status', async () => {
    const first = await kube.apply(topic())
    expect(first.metadata.generation).to.equal(1)
    await kube.applyStatus({ ...topic(), status: { partitions: 3 } })
    const second = await kube.apply(topic({ partitions: 7 }))
    expect(second.metadata.generation).to.equal(2)
    expect(second.status).to.deep.equal({ partitions: 3 })
  })

  it('drops of a status what its owner no longer says', async () => {
    await kube.apply(topic())
    await kube.applyStatus({ ...topic(), status: { partitions: 3, topicName: 'x' } })
    const { status } = await kube.applyStatus({ ...topic(), status: { topicName: 'x' } })
    expect(status).to.deep.equal({ topicName: 'x' })
  })

  it('keeps a deleted object until its finalizers are gone', async () => {
    await kube.create(configMap({}))
    await kube.setFinalizer(refOf(kinds.configMap), 'millrace.dev/a', true)
    await kube.setFinalizer(refOf(kinds.configMap), 'millrace.dev/b', true)
    await kube.delete(refOf(kinds.configMap))
    const deleted = await kube.get(refOf(kinds.configMap))
    expect(deleted?.metadata.deletionTimestamp).to.be.a('string')
    await kube.setFinalizer(refOf(kinds.configMap), 'millrace.dev/a', false)
    expect((await kube.get(refOf(kinds.configMap)))?.metadata.finalizers).to.deep.equal([
      'millrace.dev/b',
    ])
    await kube.setFinalizer(refOf(kinds.configMap), 'millrace.dev/b', false)
    expect(await kube.get(refOf(kinds.configMap))).to.equal(undefined)
  })

  /** A garbage collector learns of a new kind within 30 s. */
  it('takes what an object owns with it', async () => {
    const owner = await kube.apply(topic())
    const { apiVersion, kind, metadata } = owner
    const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' }]
    await kube.create(configMap({}, { ownerReferences }))
    await kube.delete(refOf(kinds.topic))
    await eventually(
      async () => expect(await kube.get(refOf(kinds.configMap))).to.equal(undefined),
      { timeoutMs: 60_000 },
    )
  })

  it('lists by label, without those of other namespaces', async () => {
    const labels = { run: name }
    await kube.create(configMap({}, { labels }))
    await kube.create(configMap({}, { name: `${name}-b` }))
    await kube.create(configMap({}, { labels, namespace: 'default' }))
    const { items } = await kube.list(kinds.configMap, { namespace, labelSelector: `run=${name}` })
    expect(items.map(({ metadata }) => metadata.name)).to.deep.equal([name])
    expect(items[0]).to.include(kinds.configMap)
    const everywhere = await kube.list(kinds.configMap, { labelSelector: `run=${name}` })
    expect(everywhere.items).to.have.length(2)
  })

  it('watches from the version of a list, and ends when told to', async () => {
    const labels = { watched: name }
    const labelSelector = `watched=${name}`
    const { resourceVersion } = await kube.list(kinds.configMap, { namespace, labelSelector })
    const seen: string[] = []
    const stop = new AbortController()
    const onEvent = ({ type, object }: WatchEvent<KubeObject>) => {
      if (type !== 'BOOKMARK') seen.push(`${type} ${object.metadata.name}`)
    }
    const options = { namespace, labelSelector, resourceVersion, signal: stop.signal, onEvent }
    const watching = kube.watch(kinds.configMap, options).catch(() => undefined)
    const first = await kube.create<ConfigMap>(configMap({}, { labels }))
    await kube.replace({ ...first, data: { a: '1' } })
    await kube.create(configMap({}, { name: `${name}-unlabelled` }))
    await kube.delete(refOf(kinds.configMap))
    const expected = [`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]
    await eventually(() => expect(seen).to.deep.equal(expected))
    stop.abort()
    await watching
  })
}
