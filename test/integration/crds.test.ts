import { expect } from 'chai'
import { stringify } from 'yaml'
import { missingForApiServer, type ApiServer, sharedApiServer } from '../cluster/api-server.ts'
import { badManifests, goodJob, goodTopic } from '../crds/bad-manifests.ts'
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
      commitInterval: '1s',
    })
    await api.kubectl(['get', 'millrace'])
  })

  it('explain every field', async () => {
    for (const kind of ['streamjob', 'topic']) {
      const text = await api.kubectl(['explain', `${kind}.spec`, '--recursive'])
      expect(text).to.contain('kafka')
      const field = await api.kubectl(['explain', `${kind}.spec.kafka.bootstrapServers`])
      expect(field).to.contain('host:port')
    }
  })

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
