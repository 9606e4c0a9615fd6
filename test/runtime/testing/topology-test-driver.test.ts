import { rejects } from 'node:assert/strict'
import { setImmediate as immediate } from 'node:timers/promises'
import { expect } from 'chai'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { globalTable } from '../../../runtime/dsl/global-table.ts'
import { job, type Output } from '../../../runtime/dsl/job.ts'
import { valuesOf } from '../../../runtime/dsl/process.ts'
import { keyValueStore } from '../../../runtime/dsl/stores.ts'
import { stream } from '../../../runtime/dsl/stream.ts'
import { topologyOfJob } from '../../../runtime/job-topology.ts'
import type { PipedRecord, ReadRecord } from '../../../runtime/testing/records.ts'
import { type JobSettings, type TestedJob, testedJob } from '../../../runtime/testing/tested-job.ts'
import {
  type DriverOptions,
  TopologyTestDriver,
} from '../../../runtime/testing/topology-test-driver.ts'
import type { JobSpec } from '../../support/job-bench.ts'

interface Payment {
  readonly card: string
  readonly amount: number
}

const payments = stream<Payment>('payments')
/** Behind a repartition. */
const counted = payments
  .groupBy('by-card', ({ value }) => value.card)
  .count('counts')
  .to('out')
/** By the key of the input. */
const countedInPlace = payments.groupByKey('by-key').count('counts').to('out')
const large = payments.filter('large', ({ value }) => value.amount > 500).to('out')

const of = (card: string, amount = 1): PipedRecord => ({ value: { card, amount } })
const pairs = (records: readonly ReadRecord[]) => records.map(({ key, value }) => [key, value])

async function jobOfSteps(spec: JobSpec): Promise<TestedJob> {
  const config = runtimeConfigSchema.parse({
    job: { namespace: 'default', name: 'test' },
    applicationId: 'test',
    kafka: { bootstrapServers: ['embedded:9092'] },
    ...spec,
  })
  const topology = await topologyOfJob(config, () => Promise.reject(new Error('it has steps')))
  return { config, topology }
}

describe('runtime/testing/topology-test-driver.ts', () => {
  let driver: TopologyTestDriver

  const start = async (output: Output, options: JobSettings & DriverOptions = {}) =>
    (driver = await TopologyTestDriver.start(testedJob(job(output), options), options))

  afterEach(() => driver.close())

  describe("a user's processor", () => {
    const hourly = payments
      .process('total', {
        stores: { amounts: keyValueStore<number, number>({ keyFormat: 'Long' }) },
        output: valuesOf<number>(),
        create: ({ stores: { amounts }, forward, schedule }) => {
          schedule('1h', 'wall-clock', () => {
            for (const { key, value } of amounts.entries()) forward({ key: String(key), value })
          })
          return { process: ({ value }) => amounts.put(7, value.amount) }
        },
      })
      .groupByKey('by-card')
      .count('times')
      .to('out')

    it('is called when the clock is moved, and what it forwards is done to the end', async () => {
      await start(hourly)
      await driver.pipe('payments', of('a', 5))
      await driver.advance(60 * 60_000)
      expect(pairs(driver.read('out'))).to.deep.equal([['7', 1]])
    })

    it('shows its stores and their changelogs in their formats', async () => {
      await start(hourly)
      await driver.pipe('payments', of('a', 5))
      expect(driver.store('total.amounts').entries()).to.deep.equal([
        { key: 7, value: 5, timestamp: 0 },
      ])
      expect(pairs(driver.changelog('total.amounts'))).to.deep.equal([[7, 5]])
    })
  })

  describe('a record', () => {
    it('comes out whole', async () => {
      await start(large, { startTime: 1000 })
      await driver.pipe('payments', {
        key: 'anna',
        value: { card: 'a', amount: 700 },
        headers: { trace: '1' },
      })
      expect(driver.read('out')).to.deep.equal([
        {
          key: 'anna',
          value: { card: 'a', amount: 700 },
          timestamp: 1000,
          headers: { trace: '1' },
          partition: 0,
        },
      ])
    })

    it('is read once', async () => {
      await start(large)
      await driver.pipe('payments', of('a', 700))
      expect(driver.read('out')).to.have.length(1)
      expect(driver.read('out')).to.deep.equal([])
    })

    it('goes through repartitions to the end, and leaves its traces in topics of the job', async () => {
      await start(counted)
      await driver.pipe('payments', of('a'), of('b'), of('a'))
      expect(pairs(driver.read('out'))).to.deep.equal([
        ['a', 1],
        ['b', 1],
        ['a', 2],
      ])
      const moved = driver.read('test-by-card-repartition')
      expect(moved.map(({ key }) => key)).to.deep.equal(['a', 'b', 'a'])
      expect(pairs(driver.changelog('counts'))).to.deep.equal([
        ['a', 1],
        ['b', 1],
        ['a', 2],
      ])
    })

    it('meets the row that a global table has just got', async () => {
      const limits = globalTable<number>('limits')
      const limited = payments.joinGlobal(
        'limited',
        limits,
        ({ value }) => value.card,
        ({ amount }, limit) => amount <= limit,
      )
      await start(limited.to('out'))
      await driver.pipe('limits', { key: 'a', value: 10 })
      await driver.pipe('payments', of('a', 5), of('b', 5))
      await driver.pipe('limits', { key: 'a', value: 1 })
      await driver.pipe('payments', of('a', 5))
      expect(pairs(driver.read('out'))).to.deep.equal([
        [null, true],
        [null, false],
      ])
    })

    it('bears the time of the wall clock, which stands still but for advance, or its own', async () => {
      await start(large, { startTime: new Date('2026-03-01') })
      await driver.pipe('payments', of('a', 700))
      await driver.advance(60_000)
      await driver.pipe('payments', of('a', 700), { ...of('a', 700), timestamp: 5 })
      const first = Date.parse('2026-03-01')
      const times = driver.read('out').map(({ timestamp }) => timestamp)
      expect(times).to.deep.equal([first, first + 60_000, 5])
    })

    it('without key, or without value, is one', async () => {
      await start(payments.peek('seen', () => undefined).to('out'))
      await driver.pipe('payments', { value: 1 }, { key: 'a', value: null })
      expect(pairs(driver.read('out'))).to.deep.equal([
        [null, 1],
        ['a', null],
      ])
    })

    it('without key, or without value, is left out of an aggregate', async () => {
      await start(countedInPlace)
      await driver.pipe('payments', of('a'), { key: 'a', value: null })
      expect(driver.store('counts').entries()).to.deep.equal([])
      expect(driver.counts()).to.include({ consumed: 2, produced: 0 })
    })

    it('is written and read in the formats of its topics', async () => {
      const inputs: JobSettings['inputs'] = [
        { name: 'payments', topic: 'numbers', format: 'String', keyFormat: 'Int' },
      ]
      const seen = payments.peek('seen', () => undefined)
      await start(seen.to('out', { format: 'String', keyFormat: 'Int' }), { inputs })
      await driver.pipe('numbers', { key: 7, value: 'text' })
      expect(pairs(driver.read('out'))).to.deep.equal([[7, 'text']])
    })

    it('waits for async functions', async () => {
      const later = async ({ value }: { readonly value: Payment }) => {
        await immediate()
        return value.card
      }
      await start(payments.mapValuesAsync('later', later).to('out'))
      await driver.pipe('payments', of('a'), of('b'))
      expect(pairs(driver.read('out'))).to.deep.equal([
        [null, 'a'],
        [null, 'b'],
      ])
    })
  })

  it('lets an async function time out when the clock moves meanwhile', async () => {
    const never = () => new Promise<string>(() => undefined)
    const asked = payments.mapValuesAsync('asked', never, { timeoutMs: 5000 })
    await start(asked.to('out'), { onError: 'DeadLetter' })
    const piped = driver.pipe('payments', of('a'))
    await driver.advance(5000)
    await piped
    expect(driver.deadLetters().map(({ node }) => node)).to.deep.equal(['asked'])
  })

  describe('topics with several partitions', () => {
    it('get records by their keys or as told, and all tasks work', async () => {
      await start(countedInPlace, { partitions: { payments: 3 } })
      const keyed = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => ({ ...of('x'), key }))
      await driver.pipe('payments', ...keyed, { ...of('x'), key: 'a', partition: 2 })
      const partitions = new Set(driver.read('payments').map(({ partition }) => partition))
      expect([...partitions]).to.have.members([0, 1, 2])
      const store = driver.store('counts')
      expect(store.entries()).to.have.length(7)
      expect(store.get('f')).to.equal(1)
    })

    it('must be alike where equal keys have to meet', async () => {
      const merged = payments.merge('both', stream<Payment>('refunds'))
      const starting = start(merged.groupByKey('by-key').count('counts').to('out'), {
        partitions: { payments: 2 },
      })
      await rejects(starting, { message: /different partition counts: payments \(2\)/ })
    })
  })

  describe('a bad record', () => {
    it('is set aside, with where it came from and why', async () => {
      await start(large, { onError: 'DeadLetter' })
      await driver.pipe('payments', of('a', 700), { key: 'b', value: Buffer.from('{"card"') })
      const [letter, ...others] = driver.deadLetters()
      expect(letter).to.deep.include({
        topic: 'payments',
        partition: 0,
        offset: 1,
        node: 'large',
        reason: 'InvalidJson',
        key: 'b',
        value: '{"card"',
      })
      expect(letter?.message).to.contain('not JSON')
      expect(others).to.deep.equal([])
      expect(driver.deadLetters()).to.deep.equal([])
      expect(driver.counts()).to.include({ deadLettered: 1 })
    })

    it('is skipped and counted', async () => {
      await start(large, { onError: 'Skip' })
      await driver.pipe('payments', { value: null }, of('a', 700))
      expect(driver.read('out')).to.have.length(1)
      expect(driver.counts()).to.include({ skipped: 1 })
    })

    it('stops the job, and whoever pipes is told what to do', async () => {
      await start(large)
      const message =
        /^payments-0@0: TypeError in "large": [\s\S]*onError is Fail; DeadLetter sets such records aside/
      await rejects(driver.pipe('payments', { value: null }), { message })
      await rejects(driver.pipe('payments', of('a', 700)), { message })
      expect(driver.read('out')).to.deep.equal([])
    })

    it('that stops the job is met again after a restart', async () => {
      await start(large)
      await rejects(driver.pipe('payments', { value: null }))
      await rejects(driver.restart(), { message: /^payments-0@0/ })
    })
  })

  describe('state', () => {
    it('comes back from its changelog after a crash', async () => {
      await start(counted)
      await driver.pipe('payments', of('a'), of('a'))
      await driver.restart()
      expect(driver.store('counts').get('a')).to.equal(2)
      driver.read('out')
      await driver.pipe('payments', of('a'))
      expect(pairs(driver.read('out'))).to.deep.equal([['a', 3]])
    })

    it('that was not committed is worked out again', async () => {
      await start(countedInPlace, { commitEvery: 'manual' })
      await driver.pipe('payments', { ...of('x'), key: 'a' })
      await driver.commit()
      await driver.pipe('payments', { ...of('x'), key: 'a' })
      await driver.advance(3_600_000)
      expect(pairs(driver.changelog('counts'))).to.deep.equal([['a', 1]])
      await driver.restart()
      expect(pairs(driver.read('out'))).to.deep.equal([
        ['a', 1],
        ['a', 2],
        ['a', 2],
      ])
      await driver.commit()
      expect(pairs(driver.changelog('counts'))).to.deep.equal([['a', 2]])
    })

    it('has the time of the latest record', async () => {
      await start(countedInPlace)
      const at = (timestamp: number) => ({ ...of('x'), key: 'a', timestamp })
      await driver.pipe('payments', at(7), at(5))
      expect(driver.store('counts').entries()).to.deep.equal([{ key: 'a', value: 2, timestamp: 7 }])
    })
  })

  it('lets generators make nothing', async () => {
    const generator = { recordsPerSecond: 100, value: { n: 'n' } }
    const tested = await jobOfSteps({
      inputs: [{ name: 'in', topic: 'in', generator }],
      steps: [{ name: 'all', from: 'in', filter: 'true' }],
      outputs: [{ from: 'all', topic: 'out' }],
    })
    driver = await TopologyTestDriver.start(tested)
    await driver.advance(10_000)
    expect(driver.read('in')).to.deep.equal([])
    await driver.pipe('in', { value: { n: 1 } })
    expect(pairs(driver.read('out'))).to.deep.equal([[null, { n: 1 }]])
  })

  describe('a name that the job does not have', () => {
    const rows: readonly (readonly [string, () => unknown, RegExp])[] = [
      ['piped to', () => driver.pipe('payment', of('a')), /no input topic "payment".*"payments"/],
      ['read', () => driver.read('outs'), /no topic "outs".*Did you mean "out"\?/],
      ['of a store', () => driver.store('count'), /no store "count"; there are counts/],
      ['of a changelog', () => driver.changelog('by-card'), /no store "by-card"/],
      [
        'of a topic with partitions',
        () => start(counted, { partitions: { payment: 2 } }),
        /no topic "payment"/,
      ],
    ]
    for (const [where, use, message] of rows) {
      it(`is refused with what it may have been: ${where}`, async () => {
        await start(counted)
        await rejects(async () => use(), { message })
      })
    }
  })
})
