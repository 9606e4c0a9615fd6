import { expect } from 'chai'
import {
  keyValueStore,
  sessionStore,
  valuesOf,
  versionedStore,
  windowStore,
} from '../../../runtime/index.ts'
import { TaskBench } from './task-bench.ts'

describe("a user's processor finds its stores", () => {
  const counting = (options: { readonly changelog?: boolean } = {}) =>
    new TaskBench<number>((input) =>
      input
        .process('count', {
          stores: { seen: keyValueStore<number>(options) },
          create: ({ stores: { seen }, forward }) => ({
            process({ key }) {
              const value = (seen.get(key ?? '') ?? 0) + 1
              seen.put(key ?? '', value)
              forward({ value })
            },
          }),
        })
        .to('out'),
    )

  it('as they were committed when the task starts again', async () => {
    const bench = counting()
    bench.produce([
      ['a', 0],
      ['a', 0],
    ])
    await bench.start()
    bench.commit()
    bench.produce([
      ['a', 0],
      ['b', 0],
    ])
    await bench.start()
    await bench.start()
    expect(bench.values('out')).to.deep.equal([1, 2, 3, 1, 3, 1])
    const [first] = bench.records('test.job-count.seen-changelog')
    expect(first).to.deep.include({ key: 'a', value: '2', timestamp: bench.clock.now() })
  })

  it('empty when the task starts again, where they have no changelog', async () => {
    const bench = counting({ changelog: false })
    bench.produce([
      ['a', 0],
      ['a', 0],
    ])
    await bench.start()
    bench.commit()
    bench.produce([['a', 0]])
    await bench.start()
    expect(bench.values('out')).to.deep.equal([1, 2, 1])
    expect(bench.values('test.job-count.seen-changelog')).to.deep.equal([])
  })

  it('unchanged by what it did to a value that it read, until it puts it', async () => {
    const bench = new TaskBench<number>((input) =>
      input
        .process('p', {
          stores: { lists: keyValueStore<number[]>() },
          output: valuesOf<number[]>(),
          create: ({ stores: { lists }, forward }) => ({
            process({ value }) {
              const list = lists.get('all') ?? []
              list.push(value)
              if (value % 2 === 1) lists.put('all', list)
              list.push(1000)
              forward({ value: lists.get('all') ?? [] })
            },
          }),
        })
        .to('out'),
    )
    bench.produce([
      ['a', 1],
      ['a', 2],
      ['a', 3],
    ])
    await bench.start()
    expect(bench.values('out')).to.deep.equal([[1], [1], [1, 3]])
  })

  it('in the order of their keys, while it changes them', async () => {
    const seen: unknown[] = []
    const bench = new TaskBench<number>((input) =>
      input
        .process('p', {
          stores: { cards: keyValueStore<number>() },
          create: ({ stores: { cards } }) => ({
            process({ key, value }) {
              cards.put(key ?? '', value)
              if (value < 4) return
              seen.push([...cards.range('b', 'ca')].map(({ key: card }) => card))
              seen.push([...cards.prefix('c')].map(({ value: n }) => n))
              for (const { key: card } of cards.entries()) cards.delete(card === 'a' ? 'b' : card)
              seen.push([...cards.entries()].map(({ key: card, timestamp }) => [card, timestamp]))
            },
          }),
        })
        .to('out'),
    )
    bench.produce([
      ['ca', 1],
      ['a', 2],
      ['b', 3],
      ['c', 4],
    ])
    await bench.start()
    expect(seen).to.deep.equal([['b', 'c', 'ca'], [4, 1], [['a', bench.clock.now()]]])
  })

  it('with keys of other formats', async () => {
    const seen: unknown[] = []
    const bench = new TaskBench<number>((input) =>
      input
        .process('p', {
          stores: {
            totals: keyValueStore<string, { readonly n: number }>({
              keyFormat: 'Json',
              format: 'String',
            }),
          },
          create: ({ stores: { totals } }) => ({
            process({ value }) {
              totals.put({ n: value }, `total ${value}`)
              seen.push([...totals.entries()].map(({ key, value: total }) => [key.n, total]))
            },
          }),
        })
        .to('out'),
    )
    bench.produce([['a', 7]])
    await bench.start()
    expect(seen).to.deep.equal([[[7, 'total 7']]])
  })

  it('by window', async () => {
    const seen: unknown[] = []
    const bench = new TaskBench<number>((input) =>
      input
        .process('p', {
          stores: { perSecond: windowStore<number>({ retention: '10s' }) },
          create: ({ stores: { perSecond } }) => ({
            process({ key, value }) {
              perSecond.put(key ?? '', value * 1000, value)
              seen.push([...perSecond.fetch('a', 0, 100_000)].map((window) => window.start))
              seen.push([...perSecond.fetchAll(0, 100_000)].map((window) => window.value))
              perSecond.delete('b', value * 1000)
            },
          }),
        })
        .to('out'),
    )
    bench.produce([
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['a', 12],
    ])
    await bench.start()
    expect(seen).to.deep.equal([
      [1000],
      [1],
      [1000],
      [1, 2],
      [1000, 3000],
      [1, 3],
      [3000, 12_000],
      [3, 12],
    ])
  })

  it('by session', async () => {
    const seen: unknown[] = []
    const bench = new TaskBench<number>((input) =>
      input
        .process('p', {
          stores: { visits: sessionStore<number>({ retention: '1h' }) },
          create: ({ stores: { visits } }) => ({
            process({ key, value: at }) {
              const [open] = visits.find(key ?? '', at - 10, at)
              if (open !== undefined) visits.delete(open)
              const start = open?.start ?? at
              visits.put({ key: key ?? '', start, end: at }, (open?.value ?? 0) + 1)
              const all = [...visits.fetchAll(0, 1000)]
              seen.push(all.map((visit) => [visit.start, visit.end, visit.value]))
            },
          }),
        })
        .to('out'),
    )
    bench.produce([
      ['a', 5],
      ['a', 9],
      ['a', 40],
    ])
    await bench.start()
    expect(seen).to.deep.equal([
      [[5, 5, 1]],
      [[5, 9, 2]],
      [
        [5, 9, 2],
        [40, 40, 1],
      ],
    ])
  })

  it('by time, whatever comes first', async () => {
    const seen: unknown[] = []
    const bench = new TaskBench<number>((input) =>
      input
        .process('p', {
          stores: { prices: versionedStore<number>({ history: '10s' }) },
          create: ({ stores: { prices } }) => ({
            process({ key, value: at }) {
              const name = key ?? ''
              const isTaken = at % 2 === 0 ? prices.delete(name, at) : prices.put(name, at, at * 10)
              seen.push([isTaken, prices.get(name), prices.get(name, 6000)])
            },
          }),
        })
        .to('out'),
    )
    bench.produce([
      ['a', 7001],
      ['a', 5001],
      ['a', 5800],
      ['a', 16_001],
      ['a', 5999],
    ])
    await bench.start()
    const now = { value: 70_010, from: 7001 }
    const later = { value: 160_010, from: 16_001 }
    expect(seen).to.deep.equal([
      [true, now, undefined],
      [true, now, { value: 50_010, from: 5001 }],
      [true, now, undefined],
      [true, later, undefined],
      [false, later, undefined],
    ])
    bench.commit()
    bench.produce([['a', 12_001]])
    await bench.start()
    expect(seen.at(-1)).to.deep.equal([true, later, undefined])
  })
})
