import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { RecordBatch } from '../../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import { FORMAT, type SnapshotHead } from '../../../runtime/state/snapshot-format.ts'
import { readSnapshot, SnapshotRefused } from '../../../runtime/state/snapshot-reader.ts'
import { SnapshotWriter } from '../../../runtime/state/snapshot-writer.ts'
import type { ChangelogRecord, StateStore } from '../../../runtime/state/store.ts'
import { sweepSnapshots } from '../../../runtime/state/sweep-snapshots.ts'
import { families, record } from './store-families.ts'

const copied = ({ key, value, timestamp }: ChangelogRecord): ChangelogRecord => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  timestamp,
})

const failure = async (attempt: Promise<unknown>): Promise<Error> => {
  try {
    await attempt
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing failed')
}

/** A store at work, a snapshot of which is made a few blocks at a time. */
class Snapshotted {
  readonly store: StateStore
  readonly changelog: ChangelogRecord[] = []
  /** The blocks of a snapshot that is complete, and the offset at which it was begun. */
  snapshot: { readonly start: number; readonly blocks: readonly Buffer[] } | undefined
  #cycle: { start: number; blocks: Buffer[]; from: Iterator<Buffer> } | undefined

  constructor(store: StateStore) {
    this.store = store
  }

  commit(blocks: number): void {
    this.changelog.push(...Array.from(this.store.takeDirty(), copied))
    this.#cycle ??= {
      ...{ start: this.changelog.length, blocks: [] },
      from: this.store.dump(1)[Symbol.iterator](),
    }
    for (let block = 0; block < blocks; block++) {
      const next = this.#cycle.from.next()
      if (next.done === true) {
        this.snapshot = this.#cycle
        this.#cycle = undefined
        return
      }
      this.#cycle.blocks.push(next.value)
    }
  }
}

/** Bytes that are there for as long as they are looked at, as those of files and fetched batches are. */
function lend(
  [first, second]: readonly [Buffer, (Buffer | null)?],
  use: (lent: Buffer) => void,
): void {
  use(first)
  first.fill(0xff)
  second?.fill(0xff)
}

/** undefined where the store takes its records one by one. */
function readByBatch<S extends StateStore>(
  store: S,
  changelog: readonly ChangelogRecord[],
): S | undefined {
  if (store.restoreBatch === undefined) return undefined
  for (let at = 0; at < changelog.length; at += 5) {
    const builder = new RecordBatchBuilder()
    builder.append(0, null, Buffer.from('of no key'))
    for (const { key, value, timestamp } of changelog.slice(at, at + 5))
      builder.append(timestamp, key, value)
    const batch = new RecordBatch(builder.build())
    store.restoreBatch(batch)
    batch.bytes.fill(0xff)
  }
  return store
}

describe('a snapshot of a store', () => {
  for (const { name, make, change, contents } of families) {
    it(`of ${name} gives it back with what follows in the changelog, wherever it was made between commits`, () => {
      fc.assert(
        fc.property(fc.array(record, { maxLength: 60 }), (records) => {
          const running = new Snapshotted(make())
          let time = 100
          for (const { changes, fails, commits } of records) {
            const before = time
            for (const { key, hurry, number } of changes) {
              time = Math.max(time, time + hurry)
              change(running.store, { key, time: Math.max(time + hurry, 0), number })
            }
            if (fails) running.store.rollback()
            else running.store.accept()
            if (fails) time = before
            if (commits !== null) running.commit(commits)
          }
          running.commit(1)
          const { snapshot = { start: 0, blocks: [] }, changelog } = running
          const restored = make()
          for (const block of snapshot.blocks)
            lend([Buffer.from(block)], (lent) => restored.load(lent))
          for (const one of changelog.slice(snapshot.start)) {
            const { key, value, timestamp } = copied(one)
            lend([key, value], () => restored.restore({ key, value, timestamp }))
          }
          expect(contents(restored)).to.deep.equal(contents(running.store))
          const read = readByBatch(make(), changelog)
          if (read !== undefined) expect(contents(read)).to.deep.equal(contents(running.store))
          restored.clear()
          expect(contents(restored)).to.deep.equal(contents(make()))
        }),
      )
    })
  }
})

const head: SnapshotHead = {
  format: FORMAT,
  topic: 'job-store-changelog',
  partition: 3,
  layout: '{}',
  entries: 2,
  start: 5,
  startedAt: 1,
  streamTime: -1,
}

describe('the file of a snapshot', () => {
  let directory = ''
  let path = ''

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-snapshot-'))
    path = join(directory, 'job-store-changelog', '3.snapshot')
  })

  afterEach(() => rm(directory, { recursive: true }))

  async function written(blocks: readonly string[], of = head): Promise<Buffer> {
    const writer = new SnapshotWriter(path, '1', of)
    for (const block of blocks) writer.add(Buffer.from(block))
    await writer.finish({ end: 9 })
    return readFile(path)
  }

  const read = async () => {
    const blocks: string[] = []
    const tag = await readSnapshot(path, {
      onHead: () => undefined,
      take: (block) => blocks.push(block.toString()),
      isInterrupted: () => false,
    })
    return { tag, blocks }
  }

  it('is read as it was written', async () => {
    await written(['one', '', 'three'])
    expect(await read()).to.deep.equal({
      tag: { ...head, end: 9 },
      blocks: ['one', '', 'three'],
    })
    expect(await readdir(join(directory, 'job-store-changelog'))).to.deep.equal(['3.snapshot'])
  })

  it('may have blocks larger than what is read at a time', async () => {
    const large = ['x'.repeat(5_000_000), 'y', 'z'.repeat(9_000_000)]
    await written(large)
    expect((await read()).blocks).to.deep.equal(large)
  })

  it('need not be there', async () => {
    expect(await read()).to.deep.equal({ tag: undefined, blocks: [] })
  })

  it('is refused with any bit of it flipped', async () => {
    const bytes = await written(['one', 'two'])
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes)
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      await writeFile(path, damaged)
      expect(await failure(read()), `bit ${bit}`).to.be.instanceOf(SnapshotRefused)
    }
  })

  it('is refused wherever it ends too early, or if it goes on', async () => {
    const bytes = await written(['one', 'two'])
    for (let length = 0; length < bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length))
      expect(await failure(read()), `${length} bytes`).to.be.instanceOf(SnapshotRefused)
    }
    await writeFile(path, Buffer.concat([bytes, bytes]))
    expect((await failure(read())).message).to.include('follow its last block')
  })

  it('is refused without one of its blocks, or with two of them changed', async () => {
    const bytes = await written(['one', 'two'])
    const block = 12 + 'one'.length
    const first = bytes.indexOf('one') - 12
    const parts = [first, first + block, first + 2 * block].map((to, index, all) =>
      bytes.subarray(all[index - 1] ?? 0, to),
    )
    const foot = bytes.subarray(first + 2 * block)
    const [start, one, two] = parts as [Buffer, Buffer, Buffer]
    for (const wrong of [
      [start, two, foot],
      [start, two, one, foot],
      [start, one, one, two, foot],
    ]) {
      await writeFile(path, Buffer.concat(wrong))
      expect(await failure(read())).to.be.instanceOf(SnapshotRefused)
    }
  })

  it('is refused in another format', async () => {
    await written([], { ...head, format: 'millrace-snapshot/0' } as unknown as SnapshotHead)
    expect((await failure(read())).message).to.equal(
      'its format is millrace-snapshot/0, not millrace-snapshot/3',
    )
  })

  it('is refused where it cannot be read', async () => {
    const under = join(await fileAt('a-file'), '3.snapshot')
    const use = { onHead: () => undefined, take: () => undefined, isInterrupted: () => false }
    expect((await failure(readSnapshot(under, use))).message).to.include('ENOTDIR')
  })

  it('says so when it cannot be written, and leaves the one that is there', async () => {
    await written(['one'])
    await symlink('/dev/full', `${path}.1.tmp`)
    const writer = new SnapshotWriter(path, '1', head)
    writer.add(Buffer.alloc(1000))
    expect((await failure(writer.finish({ end: 9 }))).message).to.include('ENOSPC')
    expect((await read()).blocks).to.deep.equal(['one'])
    expect(await readdir(join(directory, 'job-store-changelog'))).to.deep.equal(['3.snapshot'])
  })

  it('says so where no directory can be made', async () => {
    const writer = new SnapshotWriter(join(await fileAt('a-file'), '3.snapshot'), '1', head)
    expect((await failure(writer.finish({ end: 9 }))).message).to.match(/ENOTDIR|EEXIST/)
  })

  it('is removed once nobody can use it, and nothing else is', async () => {
    await written(['one'])
    await writeFile(`${path}.2.tmp`, '')
    const other = await fileAt('another')
    await sweepSnapshots(directory, Date.now() - 60_000)
    expect((await read()).blocks).to.deep.equal(['one'])
    await sweepSnapshots(directory, Date.now() + 60_000)
    expect(await readdir(join(directory, 'job-store-changelog'))).to.deep.equal([])
    expect(await readFile(other, 'utf8')).to.equal('no directory')
  })

  async function fileAt(name: string): Promise<string> {
    const at = join(directory, name)
    await writeFile(at, 'no directory')
    return at
  }
})
