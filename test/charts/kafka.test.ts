import { expect } from 'chai'
import { notes, refusal, render } from './render.ts'
import { container, one, properties, type Rendered } from './rendered.ts'

const configOf = (objects: readonly Rendered[]): Readonly<Record<string, string>> =>
  properties(one(objects, 'ConfigMap').data['server.properties'])

describe('charts/kafka', () => {
  it('runs one broker in ZooKeeper mode that creates no topic by accident', async () => {
    expect(configOf(await render('kafka'))).to.deep.equal({
      listeners: 'PLAINTEXT://:9092',
      'log.dirs': '/var/lib/kafka-logs/data',
      'zookeeper.connect': 'zookeeper:2181',
      'num.partitions': '1',
      'default.replication.factor': '1',
      'min.insync.replicas': '1',
      'offsets.topic.replication.factor': '1',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      'auto.create.topics.enable': 'false',
      'delete.topic.enable': 'true',
      'unclean.leader.election.enable': 'false',
      'controlled.shutdown.enable': 'true',
    })
  })

  for (const [replicas, factor, insync] of [
    [2, '2', '1'],
    [3, '3', '2'],
    [5, '3', '2'],
  ] as const) {
    it(`keeps ${factor} copies with ${insync} in sync on ${replicas} brokers`, async () => {
      expect(configOf(await render('kafka', { replicas }))).to.include({
        'default.replication.factor': factor,
        'offsets.topic.replication.factor': factor,
        'transaction.state.log.replication.factor': factor,
        'min.insync.replicas': insync,
        'transaction.state.log.min.isr': insync,
      })
    })
  }

  it('refuses more copies than brokers, and more in sync than copies', async () => {
    expect(await refusal('kafka', { replicationFactor: 3 })).to.include(
      'replicationFactor 3 needs as many brokers, but replicas is 1',
    )
    expect(await refusal('kafka', { minInsyncReplicas: 2 })).to.include(
      'minInsyncReplicas 2 is more than replicationFactor 1',
    )
  })

  it('gives each broker its ordinal as id and its own DNS name, past the entry script of the image', async () => {
    const objects = await render('kafka', { clusterDomain: 'k8s.local' })
    const { command, args, env } = container(objects)
    expect(command[0]).to.equal('/opt/kafka/bin/kafka-server-start.sh')
    expect(args).to.include.members([
      'broker.id=$(POD_INDEX)',
      'advertised.listeners=PLAINTEXT://$(POD_NAME).kafka-headless.flows.svc.k8s.local:9092',
    ])
    expect(env).to.deep.include({
      name: 'POD_INDEX',
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
    })
    expect(one(objects, 'StatefulSet').spec.serviceName).to.equal('kafka-headless')
  })

  it('waits for ZooKeeper before it starts and serves before it is ready', async () => {
    const objects = await render('kafka', { zookeeper: { connect: 'a:2181,b:2181/k' } })
    const [wait] = one(objects, 'StatefulSet').spec.template.spec.initContainers ?? []
    expect(wait?.env).to.deep.equal([{ name: 'ZOOKEEPER_CONNECT', value: 'a:2181,b:2181/k' }])
    const { readinessProbe, startupProbe, livenessProbe } = container(objects)
    expect(readinessProbe.exec?.command).to.deep.equal(['/bin/bash', '/etc/kafka-chart/ready.sh'])
    expect(startupProbe.exec).to.deep.equal(readinessProbe.exec)
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).to.be.at.least(600)
    expect(livenessProbe).not.to.have.any.keys('exec')
  })

  it('lets the controller reach brokers that are not ready, and clients only those that are', async () => {
    const objects = await render('kafka')
    expect(one(objects, 'Service', 'kafka-headless').spec.publishNotReadyAddresses).to.equal(true)
    expect(one(objects, 'Service', 'kafka').spec).not.to.have.any.keys('publishNotReadyAddresses')
  })

  it('sizes the heap by the memory limit', async () => {
    const { env, resources } = container(await render('kafka', { heapPercent: 40 }))
    expect(resources.limits).to.have.all.keys('memory')
    expect(env).to.deep.include({
      name: 'KAFKA_HEAP_OPTS',
      value: '-XX:InitialRAMPercentage=40 -XX:MaxRAMPercentage=40',
    })
  })

  it('keeps its logs inside the volume, which is a claim or an emptyDir by value', async () => {
    const objects = await render('kafka')
    const mount = container(objects).volumeMounts.find(({ name }) => name === 'data')
    expect(configOf(objects)['log.dirs']).to.match(new RegExp(`^${mount?.mountPath}/`))
    expect(one(objects, 'StatefulSet').spec).not.to.have.any.keys('volumeClaimTemplates')
    const durable = await render('kafka', { persistence: { enabled: true } })
    const [claim] = one(durable, 'StatefulSet').spec.volumeClaimTemplates
    expect(claim?.spec).not.to.have.any.keys('storageClassName')
    expect(claim?.spec.resources.requests.storage).to.equal('10Gi')
  })

  it('mounts nothing above or below a VOLUME of apache/kafka, which the runtime would put over it', async () => {
    const volumes = ['/etc/kafka/secrets/', '/var/lib/kafka/data/', '/mnt/shared/config/']
    for (const { mountPath } of container(await render('kafka')).volumeMounts) {
      const overlapping = volumes.filter(
        (volume) => volume.startsWith(`${mountPath}/`) || mountPath.startsWith(volume),
      )
      expect(overlapping, mountPath).to.be.empty
    }
  })

  it('lets a drain take one broker at a time and gives it time to hand over', async () => {
    const objects = await render('kafka', { replicas: 3 })
    expect(one(objects, 'PodDisruptionBudget').spec.maxUnavailable).to.equal(1)
    expect(
      one(objects, 'StatefulSet').spec.template.spec.terminationGracePeriodSeconds,
    ).to.be.at.least(60)
  })

  it('takes entries of config, and refuses those that it sets itself', async () => {
    const config = {
      'log.retention.bytes': 1_000_000_000,
      'log.cleaner.min.cleanable.ratio': 0.25,
      'message.max.bytes': '2000000',
    }
    expect(configOf(await render('kafka', { config }))).to.include({
      'log.retention.bytes': '1000000000',
      'log.cleaner.min.cleanable.ratio': '0.25',
      'message.max.bytes': '2000000',
    })
    expect(await refusal('kafka', { config: { 'broker.id': 7 } })).to.include('broker.id')
    expect(await refusal('kafka', { zookeeper: { connect: 'zookeeper' } })).to.include('/connect')
  })

  it('tells clients where to start and warns of what is not safe', async () => {
    const text = await notes('kafka')
    expect(text).to.include('kafka.flows:9092')
    expect(text).to.include('persistence is off').and.to.include('topics have one copy')
    const safer = await notes('kafka', { replicas: 3, persistence: { enabled: true } })
    expect(safer).not.to.include('persistence is off').and.not.to.include('one copy')
  })
})
