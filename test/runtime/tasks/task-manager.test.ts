import { expect } from 'chai'
import { EmbeddedBroker } from '../../../runtime/broker/embedded-broker.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { TaskManager } from '../../../runtime/tasks/task-manager.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { newTask } from './new-task.ts'

describe('runtime/tasks/task-manager.ts', () => {
  const clock = new ManualClock()
  const broker = new EmbeddedBroker(clock)
  const { topology } = topologyFromSteps(
    runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
      inputs: ['l', 'r'].map((name) => ({ name, topic: name })),
      steps: [{ name: 'met', from: 'l', join: { stream: 'r', as: 'x', within: '1m' } }],
      outputs: [{ from: 'met', topic: 'out' }],
    }),
  )
  const [subTopology] = subTopologiesOf(topology, 'test.job')

  function produce(topic: string, time: number): void {
    const builder = new RecordBatchBuilder()
    builder.append(time, Buffer.from('k'), Buffer.from('{}'))
    broker.append({ topic, partition: 0 }, builder.build())
  }

  it('reads on of the partition that a task waits for, and not of the one that waits', async () => {
    if (subTopology === undefined) throw new Error('a job has a sub-topology')
    for (const name of ['l', 'r', 'out']) broker.createTopic({ name, partitions: 1 })
    const known: { drainedAt?: number } = {}
    const { task } = newTask(subTopology, { broker, clock, drainedAt: () => known.drainedAt })
    const fetcher = broker.connect().fetcher({ maxBytes: Infinity })
    const tasks = new TaskManager(fetcher, clock)
    tasks.adopt(new Map([[task.name, task]]), (one) => one)
    task.moveTo('Restoring')
    tasks.start(
      task,
      ['l', 'r'].map((topic) => ({ topic, partition: 0, offset: 0 })),
    )
    task.moveTo('Running')
    const round = async () => {
      const fetched = await fetcher.poll(0)
      for (const part of fetched) tasks.add(part)
      await tasks.process({ send: () => undefined }, () => false)
      return fetched.map(({ topic }) => topic)
    }
    const positions = () => task.status().partitions.map(({ position }) => position)

    produce('l', 10)
    expect(await round()).to.deep.equal(['l'])
    expect(positions()).to.deep.equal([0, 0])
    expect(task.isRipe).to.equal(false)

    produce('l', 30)
    produce('r', 20)
    expect(await round()).to.deep.equal(['r'])
    expect(positions()).to.deep.equal([1, 0])

    expect(await round()).to.deep.equal(['l'])
    expect(positions()).to.deep.equal([1, 1])

    known.drainedAt = clock.monotonic()
    expect(await round()).to.deep.equal([])
    expect(positions()).to.deep.equal([2, 1])

    produce('l', 40)
    expect(await round()).to.deep.equal(['l'])
  })
})
