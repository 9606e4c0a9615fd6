import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { PartitionOffset } from '../../runtime/broker/broker.ts'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import type { RuntimeConfigInput } from '../../runtime/config.ts'
import { ensurePrograms } from '../cluster/packages.ts'
import { missingForKafka } from '../kafka/jars.ts'
import type { RunningKafka } from '../kafka/kafka.ts'
import { consumeByKafkajs, produceByKafkajs } from '../kafka/kafkajs-clients.ts'
import { sharedKafka } from '../kafka/shared.ts'
import { command } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { freePorts } from '../support/free-ports.ts'
import type { SampleRecord } from '../support/sample-records.ts'
import { requireOrSkip } from '../support/skip.ts'

const PARTITIONS = 3
const run = randomUUID().slice(0, 8)
const topics = { in: `payments-${run}`, large: `large-${run}`, totals: `totals-${run}` }
const applicationId = `strangers.totals-${run}`
const internal = {
  repartition: `${applicationId}-by-card-repartition`,
  changelog: `${applicationId}-by-card-changelog`,
  deadLetters: `${applicationId}-dead-letters`,
}
const POD = `totals-${run}-0`
/** The first, and only, thread of the pod. */
const member = `${POD}-1`

const job = (bootstrapServers: readonly string[]): RuntimeConfigInput => ({
  job: { namespace: 'strangers', name: 'totals' },
  applicationId,
  kafka: { bootstrapServers: [...bootstrapServers] },
  inputs: [{ name: 'payments', topic: topics.in }],
  steps: [
    { name: 'large', from: 'payments', filter: 'value.amount > 500' },
    {
      name: 'by-card',
      from: 'large',
      groupBy: 'value.card',
      aggregate: { payments: 'count()', total: 'sum(value.amount)' },
    },
  ],
  outputs: [
    { from: 'large', topic: topics.large },
    { from: 'by-card', topic: topics.totals },
  ],
  onError: 'DeadLetter',
  internalTopics: { replicationFactor: 1 },
  commitIntervalMs: 100,
})

interface Payment extends SampleRecord {
  readonly partition: number
  readonly card: string
  readonly amount: number
}

const START = 1_700_000_000_000
/** A card is always paid with on the same partition, so that its totals come in a known order. */
const cards = ['plain', 'größe', '値 🗝️', 'with space', 'a,b=c:d', 'y']

function payment(n: number): Payment {
  const card = cards[n % cards.length] ?? ''
  const amount = n % 4 === 0 ? 100 : 501 + n
  return {
    partition: (n % cards.length) % PARTITIONS,
    card,
    amount,
    timestamp: START + n * 1000,
    key: n % 3 === 0 ? null : Buffer.from(`schlüssel-${n}`),
    value: Buffer.from(JSON.stringify({ card, amount })),
    headers: n % 2 === 0 ? [] : traced(n),
  }
}

const traced = (n: number): SampleRecord['headers'] => [
  ['trace', Buffer.from(`t-${n}`)],
  ['größe', Buffer.from('XL – 値')],
]

const payments = Array.from({ length: 60 }, (_, n) => payment(n))
const large = payments.filter(({ amount }) => amount > 500)
const notJson = {
  timestamp: START,
  partition: 0,
  key: Buffer.from('bad'),
  value: Buffer.from('{"card": ü'),
  headers: traced(1),
}
/** A record as every reader tells it, whatever the place where it lies. */
interface Told {
  readonly timestamp: number
  readonly headers: string
  readonly key: string | null
  readonly value: string | null
}

const headerText = (headers: SampleRecord['headers'], separator: string): string =>
  headers.map(([name, value]) => `${name}${separator}${value?.toString()}`).join(',')

const told = ({ timestamp, key, value, headers }: SampleRecord): Told => ({
  timestamp,
  headers: headerText(headers, '='),
  key: key?.toString() ?? null,
  value: value?.toString() ?? null,
})

/** What the totals must hold, computed without any of our code. */
function totals(list: readonly Payment[]): readonly Told[] {
  const state = new Map<string, { payments: number; total: number }>()
  return list.map(({ card, amount, timestamp, headers }) => {
    const before = state.get(card) ?? { payments: 0, total: 0 }
    const after = { payments: before.payments + 1, total: before.total + amount }
    state.set(card, after)
    const value = Buffer.from(JSON.stringify(after))
    return told({ timestamp, key: Buffer.from(card), value, headers })
  })
}

const partitionsOf = (topic: string) =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }))

const byPlace = (list: readonly Told[]): readonly Told[] =>
  [...list].sort((a, b) => a.timestamp - b.timestamp)

describe('strangers on a real Kafka', function () {
  this.timeout(120_000)
  const dir = mkdtempSync(join(tmpdir(), 'millrace-strangers-'))
  let kafka: RunningKafka
  let broker: KafkaBroker
  let running: ChildProcess | undefined

  before(async function () {
    requireOrSkip(this, await missingForKafka())
    kafka = await sharedKafka()
    broker = new KafkaBroker({ ...kafka, clientId: 'strangers' })
    await broker.admin.createTopics(
      Object.values(topics).map((name) => ({ name, partitions: PARTITIONS, replicationFactor: 1 })),
    )
    writeFileSync(join(dir, 'job.json'), JSON.stringify(job(kafka.bootstrapServers)))
    await start()
    await produce([...payments, notJson])
    await caughtUp()
  })

  after(async () => {
    await stop()
    await broker?.close()
    rmSync(dir, { recursive: true, force: true })
  })

  async function start(): Promise<void> {
    const [port = 0] = await freePorts(1)
    const argv = ['cli/main.ts', 'run', '--config', join(dir, 'job.json'), '--http-port', `${port}`]
    running = spawn(process.execPath, argv, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, POD_NAME: POD, LOG_LEVEL: 'warn' },
    })
    await eventually(
      async () => expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).to.equal(200),
      { timeoutMs: 60_000 },
    )
  }

  async function stop(): Promise<number | null | undefined> {
    const ending = running
    running = undefined
    const ended = new Promise<number | null>((resolve) => ending?.once('exit', resolve))
    return ending?.kill('SIGTERM') === true ? ended : undefined
  }

  const produce = (records: readonly (SampleRecord & { partition: number })[]) =>
    produceByKafkajs(
      kafka.bootstrapServers,
      topics.in,
      records.map(({ timestamp, partition, key, value, headers }) => {
        return { timestamp, partition, key, value, headers }
      }),
    )

  async function countOf(topic: string, partitions = PARTITIONS): Promise<number> {
    const at = partitionsOf(topic).slice(0, partitions)
    const ends = await broker.admin.listOffsets(at, 'latest')
    return ends.reduce((sum, { offset }) => sum + offset, 0)
  }

  /** Commits come at their own times, so only the last total of each card is known. */
  const lastOf = (list: readonly (readonly [key: string | null, value: string | null])[]) =>
    new Map(list)
  const lastTotals = lastOf(totals(large).map(({ key, value }) => [key, value]))

  describe('kafkajs', () => {
    async function read(topic: string, partitions = PARTITIONS): Promise<readonly Told[]> {
      const count = await countOf(topic, partitions)
      const records = await consumeByKafkajs(kafka.bootstrapServers, [topic], count)
      return records.map(({ message: { timestamp, key, value, headers } }) =>
        told({
          timestamp: Number(timestamp),
          key,
          value,
          headers: Object.entries(headers ?? {}) as [string, Buffer][],
        }),
      )
    }

    it('reads what passes through, byte for byte', async () => {
      expect(byPlace(await read(topics.large))).to.deep.equal(large.map(told))
    })

    it('reads the totals, with the times and headers of what they come from', async () => {
      expect(byPlace(await read(topics.totals))).to.deep.equal(totals(large))
    })

    it('reads the changelog: the last total of each card, without headers', async () => {
      const changes = await read(internal.changelog)
      expect(lastOf(changes.map(({ key, value }) => [key, value]))).to.deep.equal(lastTotals)
      expect(new Set(changes.map(({ headers }) => headers))).to.deep.equal(new Set(['']))
    })

    it('reads a dead letter with the bytes it came with', async () => {
      const [letter] = await read(internal.deadLetters, 1)
      expect(letter).to.deep.include({ key: 'bad', value: notJson.value.toString() })
      expect(letter?.headers).to.contain(headerText(notJson.headers, '='))
    })
  })

  describe('Kafka’s console consumer', () => {
    async function lines(topic: string, count: number): Promise<readonly string[]> {
      const shown = ['timestamp', 'headers', 'key'].map((name) => `print.${name}=true`)
      const properties = [...shown, 'headers.separator=,', 'null.literal=<null>']
      const output = await kafka.javaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
        ...['--bootstrap-server', kafka.bootstrapServers.join(',')],
        ...['--topic', topic, '--from-beginning', '--max-messages', `${count}`],
        ...['--consumer-property', 'check.crcs=true', '--timeout-ms', '30000'],
        ...properties.flatMap((property) => ['--property', property]),
      ])
      return output.trimEnd().split('\n')
    }

    const lineOf = ({ timestamp, headers, key, value }: Told): string =>
      [
        `CreateTime:${timestamp}`,
        headers === '' ? 'NO_HEADERS' : headers.replaceAll('=', ':'),
        key ?? '<null>',
        value,
      ].join('\t')

    it('prints output and what passes through, with checked CRCs', async () => {
      const [passed, summed] = await Promise.all([
        lines(topics.large, large.length),
        lines(topics.totals, large.length),
      ])
      expect([...passed].sort()).to.deep.equal(large.map(told).map(lineOf).sort())
      expect([...summed].sort()).to.deep.equal(totals(large).map(lineOf).sort())
    })

    it('prints the changelog: the last total of each card', async () => {
      const changes = await lines(internal.changelog, await countOf(internal.changelog))
      const cells = changes.map((line) => line.split('\t'))
      const last = lastOf(cells.map(([, , key = null, value = null]) => [key, value]))
      expect(last).to.deep.equal(lastTotals)
    })
  })

  describe('kcat', () => {
    before(async function () {
      requireOrSkip(this, await ensurePrograms(['kcat'], (line) => console.log(`      ${line}`)))
    })

    async function read(topic: string): Promise<readonly Told[]> {
      const output = await command([
        ...['kcat', '-C', '-b', kafka.bootstrapServers.join(','), '-t', topic],
        ...['-o', 'beginning', '-e', '-q', '-X', 'check.crcs=true'],
        ...['-f', '%T\\t%h\\t%K\\t%k\\t%S\\t%s\\n'],
      ])
      return output
        .trimEnd()
        .split('\n')
        .map((line) => {
          const [timestamp, headers = '', keySize, key = '', valueSize, value = ''] =
            line.split('\t')
          return {
            timestamp: Number(timestamp),
            headers,
            key: keySize === '-1' ? null : key,
            value: valueSize === '-1' ? null : value,
          }
        })
    }

    it('reads output and what passes through', async () => {
      expect(byPlace(await read(topics.large))).to.deep.equal(large.map(told))
      expect(byPlace(await read(topics.totals))).to.deep.equal(totals(large))
    })

    it('reads the changelog: the last total of each card', async () => {
      const changes = await read(internal.changelog)
      expect(lastOf(changes.map(({ key, value }) => [key, value]))).to.deep.equal(lastTotals)
    })
  })

  it('Kafka’s own tool finds every batch on disk valid', async () => {
    const names = [topics.large, topics.totals, internal.repartition, internal.changelog]
    const segments = readdirSync(kafka.dataDirs[0] ?? '')
      .filter((folder) => names.some((name) => folder.startsWith(`${name}-`)))
      .map((folder) => join(kafka.dataDirs[0] ?? '', folder, '00000000000000000000.log'))
    expect(segments).to.have.length(names.length * PARTITIONS)
    const dump = await kafka.javaTool('kafka.tools.DumpLogSegments', [
      ...['--deep-iteration', '--files', segments.join(',')],
    ])
    const validity = dump.match(/isvalid: \w+/g) ?? []
    expect(validity.length).to.be.greaterThan(PARTITIONS)
    expect(new Set(validity)).to.deep.equal(new Set(['isvalid: true']))
    const keyed = dump.match(/\| offset: \d+ .*keySize: \d+/g) ?? []
    expect(keyed.length).to.be.greaterThan(large.length * 3 - large.length / 2)
  })

  describe('kafka-consumer-groups', () => {
    type Row = Readonly<Record<string, string>>

    async function groups(...args: readonly string[]): Promise<readonly Row[]> {
      const output = await kafka.javaTool(
        'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
        [
          ...['--bootstrap-server', kafka.bootstrapServers.join(',')],
          ...['--timeout', '30000', '--describe', '--group', applicationId, ...args],
        ],
      )
      const [head = [], ...rows] = output
        .split('\n')
        .filter((line) => line.startsWith('GROUP') || line.startsWith(applicationId))
        .map((line) => line.trim().split(/\s+/))
      return rows.map((cells): Row =>
        Object.fromEntries(head.map((name, n) => [name, cells[n] ?? ''] as const)),
      )
    }

    const lags = (rows: readonly Row[]) =>
      Object.fromEntries(
        rows.map((row) => [`${row.TOPIC}-${row.PARTITION}`, Number(row.LAG)] as const).sort(),
      )
    const lagsOf = (input: readonly number[]) =>
      Object.fromEntries(
        partitionsOf(topics.in)
          .flatMap(({ partition }) => [
            [`${topics.in}-${partition}`, input[partition] ?? 0] as const,
            [`${internal.repartition}-${partition}`, 0] as const,
          ])
          .sort(),
      )

    it('shows the job caught up, its static member and what that owns', async () => {
      const [rows, members] = await Promise.all([groups(), groups('--members')])
      expect(lags(rows)).to.deep.equal(lagsOf([0, 0, 0]))
      for (const row of rows) expect(row['CLIENT-ID']).to.equal(member)
      expect(members).to.have.length(1)
      expect(members[0]).to.deep.include({
        'CLIENT-ID': member,
        '#PARTITIONS': `${PARTITIONS * 2}`,
      })
    })

    it('shows as lag what was sent while the job was stopped, and none after it came back', async () => {
      expect(await stop()).to.equal(0)
      const later = [5, 0, 2].flatMap((count, partition) =>
        Array.from({ length: count }, (_, n) => ({ ...payment(100 + n), partition })),
      )
      await produce(later)
      expect(lags(await groups())).to.deep.equal(lagsOf([5, 0, 2]))
      await start()
      await caughtUp()
      expect(lags(await groups())).to.deep.equal(lagsOf([0, 0, 0]))
    })
  })

  const offsetOf = ({ topic, partition, offset }: PartitionOffset) => ({ topic, partition, offset })

  /** Until what it has committed is all there is, on every partition that it reads. */
  async function caughtUp(): Promise<void> {
    const partitions = [...partitionsOf(topics.in), ...partitionsOf(internal.repartition)]
    const member = broker.groupMember({
      groupId: applicationId,
      topics: [],
      assign: () => new Map(),
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 6000,
    })
    await eventually(
      async () => {
        // In this order: what is written meanwhile then shows as not yet committed.
        const committed = await member.committed(partitions)
        const ends = await broker.admin.listOffsets(partitions, 'latest')
        expect(committed.map(offsetOf)).to.have.deep.members(ends.map(offsetOf))
      },
      { timeoutMs: 30_000, everyMs: 100 },
    )
    await member.close({ leave: false })
  }
})
