import { expect } from 'chai'
import { BrokerError } from '../../runtime/broker/errors.ts'
import type { RuntimeConfigInput } from '../../runtime/config.ts'
import { eventually } from '../support/eventually.ts'
import { interceptedBroker } from '../support/intercepted-broker.ts'
import { JobBench, type JobSpec } from '../support/job-bench.ts'

const counting: JobSpec = {
  inputs: [{ name: 'payments', topic: 'payments' }],
  steps: [
    { name: 'large', from: 'payments', filter: 'value.amount > 500' },
    {
      name: 'totals',
      from: 'large',
      groupBy: 'value.card',
      aggregate: { payments: 'count()', total: 'sum(value.amount)' },
    },
    {
      name: 'alerts',
      from: 'totals',
      filter: 'value.payments >= 2',
      map: { card: 'key', total: 'value.total' },
    },
  ],
  outputs: [{ from: 'alerts', topic: 'alerts' }],
}

const passThrough = (onError: RuntimeConfigInput['onError']): JobSpec => ({
  inputs: [{ name: 'in', topic: 'in' }],
  steps: [{ name: 'large', from: 'in', filter: 'value.amount > 500' }],
  outputs: [{ from: 'large', topic: 'out' }],
  ...(onError === undefined ? {} : { onError }),
})

describe('runtime/instance.ts', () => {
  let bench: JobBench

  afterEach(() => bench.stop())

  it('runs filter, groupBy with aggregates, filter and map from topic to topic', async () => {
    bench = new JobBench({ payments: 2, alerts: 1 })
    const instance = bench.start(counting)
    bench.produce('payments', [
      [null, { card: 'a', amount: 600 }],
      [null, { card: 'a', amount: 100 }],
      [null, { card: 'b', amount: 700 }],
      [null, { card: 'a', amount: 900 }],
    ])
    await bench.expectValues('alerts', [{ card: 'a', total: 1500 }])
    expect(instance.status()).to.deep.include({ state: 'Running' })
    expect(instance.ready()).to.equal(true)
  })

  it('keys an output by what was grouped by, and keeps the time of the record', async () => {
    bench = new JobBench({ payments: 1, alerts: 1 })
    bench.start(counting)
    bench.produce('payments', [
      [null, { card: 'a', amount: 600 }],
      [null, { card: 'a', amount: 600 }],
    ])
    await eventually(() => expect(bench.records('alerts')).to.have.length(1))
    expect(bench.records('alerts')[0]).to.deep.include({ key: 'a', timestamp: 1_700_000_000_000 })
  })

  it('goes on from the changelog after a stop', async () => {
    bench = new JobBench({ payments: 2, alerts: 1 })
    bench.start(counting)
    bench.produce('payments', [
      [null, { card: 'a', amount: 600 }],
      [null, { card: 'a', amount: 700 }],
    ])
    await bench.expectValues('alerts', [{ card: 'a', total: 1300 }])
    await bench.stop()
    expect(bench.latest('test.job-totals-changelog')).to.deep.equal({
      a: { payments: 2, total: 1300 },
    })
    bench.start(counting)
    bench.produce('payments', [[null, { card: 'a', amount: 800 }]])
    await bench.expectValues('alerts', [
      { card: 'a', total: 1300 },
      { card: 'a', total: 2100 },
    ])
  })

  it('writes one changelog record for a key that changed many times between two commits', async () => {
    bench = new JobBench({ payments: 1, alerts: 1 })
    bench.produce(
      'payments',
      Array.from({ length: 100 }, () => [null, { card: 'a', amount: 600 }] as const),
    )
    bench.start({ ...counting, commitIntervalMs: 60_000 })
    await eventually(() => expect(bench.records('alerts')).to.have.length(99))
    await bench.stop()
    expect(bench.records('test.job-totals-changelog')).to.have.length(1)
  })

  it('loses nothing when it dies between processing and commit', async () => {
    bench = new JobBench({ in: 2, out: 1 })
    const doomed = bench.start({
      ...passThrough('Fail'),
      commitIntervalMs: 60_000,
      sessionTimeoutMs: 6000,
    })
    bench.produce('in', [
      ['k1', { amount: 501 }],
      ['k2', { amount: 502 }],
    ])
    await eventually(() => expect(bench.records('out')).to.have.length(2))
    await doomed.abandon()
    bench.produce('in', [['k3', { amount: 503 }]])
    bench.start(passThrough('Fail'), { instanceId: 'job-0' })
    await eventually(() => {
      const amounts = new Set(
        bench.values('out').map((value) => (value as { amount: number }).amount),
      )
      expect([...amounts].sort()).to.deep.equal([501, 502, 503])
    })
  })

  it('shares the tasks with instances that come, and takes them over from those that go', async () => {
    bench = new JobBench({ in: 4, out: 1 })
    const taskCounts = (list: readonly ReturnType<JobBench['start']>[]) =>
      list.map((one) => one.status().tasks.length)
    const first = bench.start(passThrough('Fail'))
    await eventually(() => expect(first.ready()).to.equal(true))
    expect(taskCounts([first])).to.deep.equal([4])
    const second = bench.start(passThrough('Fail'))
    await eventually(() => expect(taskCounts([first, second])).to.deep.equal([2, 2]))
    await second.stop()
    await eventually(() => expect(taskCounts([first])).to.deep.equal([4]))
  })

  describe('with threads', () => {
    const threaded = (threads: number, onError: RuntimeConfigInput['onError'] = 'Fail') => ({
      ...passThrough(onError),
      threads,
    })

    it('joins the group as so many members and reports the tasks of all', async () => {
      bench = new JobBench({ in: 4, out: 1 })
      const instance = bench.start(threaded(3))
      await eventually(() => expect(instance.ready()).to.equal(true))
      expect(bench.embedded.groups.get('test.job')?.memberCount).to.equal(3)
      await eventually(() =>
        expect(
          instance
            .status()
            .tasks.map(({ id }) => id)
            .sort(),
        ).to.deep.equal(['0_0', '0_1', '0_2', '0_3']),
      )
      const keys = Array.from({ length: 40 }, (_, n) => `k${n}`)
      bench.produce(
        'in',
        keys.map((key) => [key, { amount: 600 }]),
      )
      await eventually(() => expect(bench.records('out')).to.have.length(40))
      expect(instance.status().counts).to.include({ consumed: 40, produced: 40 })
      expect(instance.status().nodes).to.deep.equal({ in: 40, large: 40, 'outputs[0]': 40 })
    })

    it('gives every instance its half, whatever the number of its threads', async () => {
      bench = new JobBench({ in: 2, out: 1 })
      const both = [bench.start(threaded(2)), bench.start(threaded(2))]
      await eventually(() =>
        expect(both.map((instance) => instance.status().tasks.length)).to.deep.equal([1, 1]),
      )
    })

    it('finds its members again when it comes back with another number of them', async () => {
      bench = new JobBench({ in: 4, out: 1 })
      const first = bench.start(threaded(1))
      await eventually(() => expect(first.ready()).to.equal(true))
      await first.abandon()
      const again = bench.start(threaded(2), { instanceId: 'job-0' })
      await eventually(() => expect(again.ready()).to.equal(true))
      expect(bench.embedded.groups.get('test.job')?.memberCount).to.equal(2)
    })

    it('ends as a whole when one fails: the others commit, its error says which it was', async () => {
      bench = new JobBench({ in: 2, out: 1 })
      const instance = bench.start({ ...threaded(2), commitIntervalMs: 60_000 })
      await eventually(() => expect(instance.status().tasks).to.have.length(2))
      bench.produce('in', [['k1', { amount: 600 }]])
      await eventually(() => expect(bench.records('out')).to.have.length(1))
      bench.produce('in', [[null, 'not json']])
      const failure = await instance.ended.then(
        () => undefined,
        (error: unknown) => error as Error,
      )
      expect(failure?.name).to.equal('BadRecord')
      expect(failure?.message).to.match(/^in-0@0: InvalidJson.*Thread [12] of 2 ended with this/s)
      expect(instance.status().state).to.equal('Failed')
      expect(instance.status().lastError?.message).to.match(/^in-0@0: InvalidJson/)
      expect(bench.embedded.groups.get('test.job')?.memberCount).to.equal(0)
      expect(bench.embedded.groups.get('test.job')?.committed.size).to.equal(1)
    })
  })

  it('waits for a missing topic, says which, and starts once it exists', async () => {
    bench = new JobBench({ in: 1 })
    const instance = bench.start(passThrough('Fail'))
    await eventually(() =>
      expect(instance.status().lastError?.message).to.contain('waiting for topic "out"'),
    )
    bench.embedded.createTopic({ name: 'out', partitions: 1 })
    await eventually(() => expect(instance.ready()).to.equal(true))
    expect(instance.status().lastError).to.equal(undefined)
  })

  for (const { question, code, reason } of [
    { question: 'describeTopics', code: 'UNREACHABLE', reason: 'Unreachable' },
    { question: 'createTopics', code: 'UNREACHABLE', reason: 'Unreachable' },
    {
      question: 'createTopics',
      code: 'INVALID_REPLICATION_FACTOR',
      reason: 'InvalidReplicationFactor',
    },
  ])
    it(`waits while ${question} meets ${code}, says so, and starts once it is answered`, async () => {
      bench = new JobBench({ payments: 1, alerts: 1 })
      let isRefused = true
      const broker = interceptedBroker(bench.embedded.connect(), (call, run) => {
        if (isRefused && call === `admin.${question}`) throw new BrokerError(code, 'not now')
        return run()
      })
      const instance = bench.start(counting, { broker })
      const refusal = { reason, message: 'not now' }
      await eventually(() => expect(instance.status().lastError).to.deep.include(refusal))
      expect(instance.status().state).to.equal('Starting')
      isRefused = false
      await eventually(() => expect(instance.ready()).to.equal(true))
      expect(instance.status().lastError).to.equal(undefined)
    })

  for (const question of ['admin.describeTopics', 'member.join', 'member.committed'])
    it(`stops at once while nobody answers ${question}`, async () => {
      bench = new JobBench({ in: 1, out: 1 })
      const asked: string[] = []
      const broker = interceptedBroker(bench.embedded.connect(), (call, run) => {
        asked.push(call)
        return call === question ? new Promise(() => undefined) : run()
      })
      const instance = bench.start(passThrough('Fail'), { broker })
      await eventually(() => expect(asked).to.include(question))
      await instance.stop()
      expect(await instance.ended).to.equal(undefined)
    })

  describe('when topics grow', () => {
    const EVERY_SECOND = { metadataMaxAgeMs: 1000 }

    it('shares out the new partitions of an input, without a restart', async () => {
      bench = new JobBench({ in: 2, out: 1 })
      const both = [1, 2].map(() => bench.start({ ...passThrough('Fail'), ...EVERY_SECOND }))
      await eventually(() => expect(both.every((one) => one.ready())).to.equal(true))
      bench.embedded.growTopic('in', 6)
      await eventually(() =>
        expect(both.map((one) => one.status().tasks.length)).to.deep.equal([3, 3]),
      )
      const keys = Array.from({ length: 20 }, (_, n) => `k${n}`)
      bench.produce(
        'in',
        keys.map((key) => [key, { amount: 600 }]),
      )
      await eventually(() => expect(bench.records('out')).to.have.length(20))
    })

    it('spreads keys over the new partitions of an output', async () => {
      bench = new JobBench({ in: 1, out: 1 })
      const instance = bench.start({ ...passThrough('Fail'), ...EVERY_SECOND })
      await eventually(() => expect(instance.ready()).to.equal(true))
      bench.embedded.growTopic('out', 2)
      const records = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => [key, { amount: 600 }] as const)
      await eventually(() => {
        bench.produce('in', records)
        const logs = bench.embedded.topics.get('out')?.logs ?? []
        expect(logs.map(({ endOffset }) => endOffset > 0)).to.deep.equal([true, true])
      })
    })

    it('stops a job whose state lies by the old partitions, and says what to do', async () => {
      bench = new JobBench({ payments: 2, alerts: 1 })
      const instance = bench.start({ ...counting, ...EVERY_SECOND })
      await eventually(() => expect(instance.ready()).to.equal(true))
      bench.embedded.growTopic('payments', 3)
      const failure = await instance.ended.then(
        () => undefined,
        (error: unknown) => error as Error,
      )
      expect(failure?.name).to.equal('RepartitionRequired')
      expect(failure?.message).to.match(
        /^topic test\.job-totals-(changelog|repartition) has 2 partitions, the job now needs 3.*new applicationId/s,
      )
      expect(instance.status().lastError?.reason).to.equal('RepartitionRequired')
    })
  })

  it('refuses a job whose expressions are wrong, naming all of them', async () => {
    bench = new JobBench({ in: 1, out: 1 })
    const instance = bench.start({
      inputs: [{ name: 'in', topic: 'in' }],
      steps: [
        { name: 'a', from: 'inn', filter: 'valu.x' },
        { name: 'b', from: 'in', filter: 'valu.x' },
      ],
      outputs: [{ from: 'b', topic: 'out' }],
    })
    const failure = await instance.ended.then(
      () => undefined,
      (error: unknown) => error as Error,
    )
    expect(failure?.message).to.contain(
      'steps[0].from: there is no input or step "inn". Did you mean "in"?',
    )
    expect(failure?.message).to.contain('steps[1].filter: 1:1: unknown variable "valu"')
    expect(instance.status().state).to.equal('Failed')
  })

  describe('with a bad record', () => {
    const poison: readonly (readonly [string, string])[] = [
      ['k', '{"amount": 600}'],
      ['k', 'not json'],
      ['k', '{"amount": 700}'],
    ]

    it('stops at it under Fail, and says where and what to do', async () => {
      bench = new JobBench({ in: 1, out: 1 })
      const instance = bench.start(passThrough('Fail'))
      bench.produce('in', poison)
      const failure = await instance.ended.then(
        () => undefined,
        (error: unknown) => error as Error,
      )
      expect(failure?.message).to.match(/^in-0@1: InvalidJson in "large": not JSON/)
      expect(failure?.message).to.contain('onError')
    })

    it('drops it under Skip, and counts it', async () => {
      bench = new JobBench({ in: 1, out: 1 })
      const instance = bench.start(passThrough('Skip'))
      bench.produce('in', poison)
      await bench.expectValues('out', [{ amount: 600 }, { amount: 700 }])
      expect(instance.status().counts).to.include({ consumed: 3, skipped: 1, deadLettered: 0 })
    })

    it('sets it aside under DeadLetter, as it came, with its provenance', async () => {
      bench = new JobBench({ in: 1, out: 1 })
      bench.start(passThrough('DeadLetter'))
      bench.produce('in', poison)
      await bench.expectValues('out', [{ amount: 600 }, { amount: 700 }])
      await eventually(() => expect(bench.records('test.job-dead-letters')).to.have.length(1))
      const [letter] = bench.records('test.job-dead-letters')
      expect(letter).to.deep.include({ key: 'k', value: 'not json' })
      expect(letter?.timestamp, 'retention counts from now').to.be.closeTo(Date.now(), 60_000)
      expect(Object.fromEntries(letter?.headers ?? [])).to.include({
        'millrace.job': 'test/job',
        'millrace.topic': 'in',
        'millrace.partition': '0',
        'millrace.offset': '1',
        'millrace.timestamp': '1700000000000',
        'millrace.node': 'large',
        'millrace.reason': 'InvalidJson',
      })
    })

    it('leaves no trace of a record that fails after a store has changed', async () => {
      bench = new JobBench({ payments: 1, alerts: 1 })
      bench.start({
        inputs: [{ name: 'payments', topic: 'payments' }],
        steps: [
          { name: 'totals', from: 'payments', groupBy: 'key', aggregate: { n: 'count()' } },
          { name: 'checked', from: 'totals', map: { n: 'value.n', odd: '1 / (value.n - 2)' } },
        ],
        outputs: [{ from: 'checked', topic: 'alerts' }],
        onError: 'Skip',
      })
      bench.produce('payments', [
        ['a', {}],
        ['a', {}],
        ['a', {}],
      ])
      // The second and third record would make n 2, which divides by zero: n stays 1.
      await bench.expectValues('alerts', [{ n: 1, odd: -1 }])
      await bench.stop()
      expect(bench.latest('test.job-totals-changelog')).to.deep.equal({ a: { n: 1 } })
    })
  })

  it('generates records at the rate asked for, on one instance only', async () => {
    bench = new JobBench({ in: 2, out: 1 })
    const generator = {
      recordsPerSecond: 200,
      key: 'string(n)',
      value: { amount: 'random(600, 700)', n: 'n' },
    }
    const spec = { ...passThrough('Fail'), inputs: [{ name: 'in', topic: 'in', generator }] }
    bench.start(spec)
    bench.start(spec)
    await eventually(() => expect(bench.records('out').length).to.be.greaterThan(20))
    expect(bench.values('out')[0]).to.deep.include({ amount: 650 })
  })
})
