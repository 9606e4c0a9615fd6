import { expect } from 'chai'
import { bind } from '../../../runtime/dsl/bind.ts'
import { keyValueStore, type ProcessorContext, type Stream } from '../../../runtime/index.ts'
import { TaskBench } from './task-bench.ts'

type Numbers = Stream<number>

describe("a user's processor in a task", () => {
  let start: number

  /** A bench for a job of one step, whose processor only does something when it begins. */
  const scheduling = (begin: (context: ProcessorContext) => void, then = (all: Numbers) => all) =>
    benchOf((input) =>
      then(
        input.process('p', {
          stores: { ticks: keyValueStore<number>() },
          create: (context) => {
            begin(context as never)
            return { process: () => undefined }
          },
        }),
      ).to('out'),
    )

  function benchOf(write: ConstructorParameters<typeof TaskBench<number>>[0]) {
    const bench = new TaskBench<number>(write)
    start = bench.clock.now()
    return bench
  }

  describe('forwards', () => {
    const headers = [['trace', Buffer.from('1')] as const]

    it('with the headers and the time of the record', async () => {
      const bench = benchOf((input) =>
        input
          .process('p', {
            create: ({ forward }) => ({ process: ({ value }) => forward({ value: value + 1 }) }),
          })
          .to('out'),
      )
      bench.produce([['a', 1, ...headers]])
      await bench.start()
      expect(bench.records('out')).to.deep.equal([
        { offset: 0, key: 'a', value: '2', timestamp: start, headers: [['trace', '1']] },
      ])
    })

    it('with others, if it gives them, which those behind it see', async () => {
      const bench = benchOf((input) =>
        input
          .process('p', {
            create: ({ forward }) => ({
              process: ({ value, timestamp, headers: own }) =>
                forward({
                  value,
                  timestamp: timestamp + 5,
                  headers: [...own, { key: 'by', value: Buffer.from('p') }],
                }),
            }),
          })
          .filter('traced', ({ headers: seen }) => seen.length === 2)
          .to('out'),
      )
      bench.produce([['a', 1, ...headers]])
      await bench.start()
      expect(bench.records('out')).to.deep.equal([
        {
          offset: 0,
          key: 'a',
          value: '1',
          timestamp: start + 5,
          headers: [
            ['trace', '1'],
            ['by', 'p'],
          ],
        },
      ])
    })

    it('nothing outside of its turn', async () => {
      const kept: ProcessorContext[] = []
      const bench = scheduling((context) => kept.push(context))
      await bench.start()
      const why = /step "p": forward works while process or a punctuator runs, not in create/
      expect(() => kept[0]?.forward({ value: 1 })).to.throw(why)
      const ticks = kept[0]?.stores['ticks'] as { put(key: string, value: number): void }
      expect(() => ticks.put('a', 1)).to.throw(/step "p": put on the store "p.ticks" works while/)
    })
  })

  describe('is called by stream time', () => {
    it('with the first record, then at each interval that a record reaches, once after a gap', async () => {
      const bench = scheduling(({ schedule, forward }) =>
        schedule('1s', 'stream-time', (at) => forward({ value: at - start })),
      )
      for (const ms of [0, 400, 600, 4300, 100, 600]) {
        await bench.clock.advance(ms)
        bench.produce([['a', 0]])
      }
      await bench.start()
      expect(bench.values('out')).to.deep.equal([0, 1000, 5300, 6000])
    })

    it('not by records that are earlier than others before them', async () => {
      const times: number[] = []
      const bench = benchOf((input) =>
        input
          .process('p', {
            create: ({ schedule, streamTime }) => {
              times.push(streamTime())
              schedule(1, 'stream-time', (at) => times.push(at))
              return { process: () => undefined }
            },
          })
          .to('out'),
      )
      bench.produce([
        ['a', 0],
        ['a', 0],
      ])
      await bench.start()
      expect(times).to.deep.equal([-1, start])
    })
  })

  describe('is called by the wall clock', () => {
    it('after each interval, whether or not records come, and once after a gap', async () => {
      const bench = scheduling(({ schedule, forward, now }) =>
        schedule(1000, 'wall-clock', (at) => forward({ value: [at - start, now() - start] })),
      )
      await bench.start()
      for (const ms of [999, 1, 3500, 500]) {
        await bench.clock.advance(ms)
        bench.work()
      }
      expect(bench.values('out')).to.deep.equal([
        [1000, 1000],
        [4500, 4500],
        [5000, 5000],
      ])
    })

    it('until it is told to stop, be it by itself', async () => {
      const bench = scheduling(({ schedule, forward }) => {
        let count = 0
        const stop = schedule(1000, 'wall-clock', () => {
          forward({ value: ++count })
          if (count === 2) stop()
        })
      })
      await bench.start()
      for (let round = 0; round < 4; round++) {
        await bench.clock.advance(1000)
        bench.work()
      }
      expect(bench.values('out')).to.deep.equal([1, 2])
      expect(bench.task.nextPunctuationMs).to.equal(Infinity)
    })

    it('and says when that will be', async () => {
      const bench = scheduling(({ schedule }) => {
        schedule(3000, 'wall-clock', () => undefined)
        schedule(2000, 'wall-clock', () => undefined)
      })
      await bench.start()
      expect(bench.task.nextPunctuationMs - start).to.equal(2000)
      await bench.clock.advance(2000)
      bench.work()
      expect(bench.task.nextPunctuationMs - start).to.equal(3000)
    })
  })

  describe('called by time', () => {
    it('forwards records that come from nowhere', async () => {
      const bench = scheduling(
        ({ schedule, forward }) =>
          schedule('1s', 'wall-clock', () => {
            forward({ key: 'k', value: 1, headers: [{ key: 'h', value: null }] })
            forward({ value: 2, timestamp: 5 })
          }),
        (all) =>
          all.map('where', ({ key, topic, partition, offset, timestamp }) => ({
            key,
            value: [topic, partition, offset, timestamp] as never,
          })),
      )
      await bench.start()
      await bench.clock.advance(1000)
      bench.work()
      const time = start + 1000
      expect(
        bench
          .records('out')
          .map(({ key, value, timestamp, headers }) => [
            key,
            JSON.parse(value ?? 'null') as unknown,
            timestamp,
            headers,
          ]),
      ).to.deep.equal([
        ['k', ['', -1, -1, time], time, [['h', null]]],
        [null, ['', -1, -1, 5], 5, []],
      ])
    })

    it('changes stores, which are committed without a record', async () => {
      const bench = scheduling(({ schedule, stores }) => {
        const ticks = stores['ticks'] as { put(key: string, value: number): void }
        schedule('1s', 'wall-clock', () => ticks.put('last', 1))
      })
      await bench.start()
      await bench.clock.advance(1000)
      bench.work()
      bench.commit()
      expect(bench.records('test.job-p.ticks-changelog')).to.deep.equal([
        { offset: 0, key: 'last', value: '1', timestamp: start + 1000, headers: [] },
      ])
    })

    it('stops the job when it fails, whatever onError says, and leaves nothing behind', async () => {
      const bench = scheduling(({ schedule, forward, stores }) => {
        const ticks = stores['ticks'] as { put(key: string, value: number): void }
        schedule('1s', 'wall-clock', () => {
          ticks.put('last', 1)
          forward({ value: 1 })
          throw new RangeError('no')
        })
      })
      await bench.start()
      await bench.clock.advance(1000)
      expect(() => bench.work()).to.throw(
        /^in a punctuator: RangeError in "p": no\nThe job stops here whatever onError says/,
      )
      bench.commit()
      expect(bench.values('out')).to.deep.equal([])
      expect(bench.values('test.job-p.ticks-changelog')).to.deep.equal([])
    })

    it('stops the job when a step behind it fails, which is named', async () => {
      const bench = scheduling(
        ({ schedule, forward }) => schedule('1s', 'stream-time', () => forward({ value: 1 })),
        (all) =>
          all.filter('picky', () => {
            throw new TypeError('not this one')
          }),
      )
      bench.produce([['a', 0]])
      const error = await bench.start().then(
        () => undefined,
        (reason: Error) => reason,
      )
      expect(error?.message).to.match(/^in a punctuator: TypeError in "picky": not this/)
    })
  })

  describe('begins and ends', () => {
    it('once in each task, with what it needs to know of it', async () => {
      const begun: unknown[] = []
      let closed = 0
      const bench = benchOf((input) =>
        input
          .process('p', {
            stores: { seen: keyValueStore<number>() },
            create: ({ taskId, partition, now, stores: { seen } }) => {
              begun.push([taskId, partition, now() - start, seen.get('a')])
              return {
                process: ({ value }) => seen.put('a', value),
                close: () => void closed++,
              }
            },
          })
          .to('out'),
      )
      bench.produce([['a', 5]])
      await bench.start()
      bench.commit()
      await bench.start()
      expect(begun).to.deep.equal([
        ['0_0', 0, 0, undefined],
        ['0_0', 0, 0, 5],
      ])
      bench.task.cancel()
      bench.task.cancel()
      expect(closed).to.equal(1)
      expect(bench.task.nextPunctuationMs).to.equal(Infinity)
    })

    it('and ends with the task although it fails to close', async () => {
      const bench = benchOf((input) =>
        input
          .process('p', {
            create: () => ({
              process: () => undefined,
              close: () => {
                throw new Error('still busy')
              },
            }),
          })
          .to('out'),
      )
      await bench.start()
      expect(() => bench.task.cancel()).not.to.throw()
    })

    const faults = [
      ['that throws', () => bind(undefined as never, { inputs: [] }), /create failed: TypeError/],
      ['that makes nothing', () => undefined, /create returns an object with the function process/],
      [
        'whose process is async',
        () => ({ process: async () => undefined }),
        /process is async, where a step answers at once: let mapValuesAsync wait/,
      ],
    ] as const satisfies readonly (readonly [string, () => unknown, RegExp])[]
    for (const [what, create, why] of faults) {
      it(`not with a create ${what}, and says in which step`, async () => {
        const bench = benchOf((input) => input.process('p', { create: create as never }).to('out'))
        const error = await bench.start().then(
          () => undefined,
          (reason: Error) => reason,
        )
        expect(error).to.include({ name: 'InvalidJob' })
        expect(error?.message)
          .to.match(/^step "p": create failed/)
          .and.match(why)
      })
    }
  })
})
