import { expect } from 'chai'
import { notes, refusal, render } from './render.ts'
import { one, properties, type Rendered } from './rendered.ts'

const configOf = (objects: readonly Rendered[]): Readonly<Record<string, string>> =>
  properties(one(objects, 'ConfigMap').data['zookeeper.properties'])

describe('charts/zookeeper', () => {
  it('runs one server with the admin server off and two safe four-letter words', async () => {
    const objects = await render('zookeeper')
    expect(one(objects, 'StatefulSet').spec.replicas).to.equal(1)
    expect(configOf(objects)).to.include({
      dataDir: '/var/lib/zookeeper/data',
      'admin.enableServer': 'false',
      '4lw.commands.whitelist': 'srvr,ruok',
    })
    expect(configOf(objects)).not.to.have.any.keys('server.1')
  })

  it('names three servers by pod DNS, with ids that follow the ordinals', async () => {
    const objects = await render('zookeeper', { replicas: 3 })
    const domain = 'zookeeper-headless.flows.svc.cluster.local:2888:3888'
    expect(configOf(objects)).to.include({
      'server.1': `zookeeper-0.${domain}`,
      'server.2': `zookeeper-1.${domain}`,
      'server.3': `zookeeper-2.${domain}`,
    })
    expect(one(objects, 'ConfigMap').data['start.sh']).to.include('echo "$((POD_INDEX + 1))"')
  })

  it('starts the servers together and lets them find each other before they are ready', async () => {
    const objects = await render('zookeeper', { replicas: 3 })
    expect(one(objects, 'StatefulSet').spec.podManagementPolicy).to.equal('Parallel')
    expect(one(objects, 'Service', 'zookeeper-headless').spec).to.deep.include({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    })
    expect(one(objects, 'Service', 'zookeeper').spec).not.to.have.any.keys(
      'clusterIP',
      'publishNotReadyAddresses',
    )
  })

  it('refuses an even ensemble', async () => {
    expect(await refusal('zookeeper', { replicas: 2 })).to.include("'/replicas'")
  })

  it('keeps data in a claim or in an emptyDir, by value, and warns of the latter', async () => {
    const ephemeral = one(await render('zookeeper'), 'StatefulSet').spec
    expect(ephemeral.template.spec.volumes).to.deep.include({ name: 'data', emptyDir: {} })
    expect(await notes('zookeeper')).to.include('WARNING: persistence is off')

    const values = { persistence: { enabled: true, size: '5Gi', storageClass: 'fast' } }
    const { spec } = one(await render('zookeeper', values), 'StatefulSet')
    expect(spec.volumeClaimTemplates[0]?.spec).to.deep.equal({
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      resources: { requests: { storage: '5Gi' } },
    })
    expect(spec.template.spec.volumes).not.to.deep.include({ name: 'data', emptyDir: {} })
    expect(await notes('zookeeper', values)).not.to.include('WARNING')
  })

  it('lets an entry of config win over the default but not over what the probes rely on', async () => {
    const config = { tickTime: 3000, snapCount: 1_000_000 }
    expect(configOf(await render('zookeeper', { config }))).to.include({
      tickTime: '3000',
      snapCount: '1000000',
    })
    expect(await refusal('zookeeper', { config: { clientPort: 1 } })).to.include('clientPort')
  })

  it('rolls the pods when the configuration changes', async () => {
    const sum = async (values: object): Promise<string | undefined> =>
      one(await render('zookeeper', values), 'StatefulSet').spec.template.metadata.annotations[
        'checksum/config'
      ]
    expect(await sum({ config: { tickTime: 3000 } })).not.to.equal(await sum({}))
  })
})
