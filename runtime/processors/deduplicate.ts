import type { WindowStore } from '../state/store.ts'
import type { DeduplicateNode } from '../topology/within-nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/** Lets the first of equal records through. Without a key nothing is equal to a record. */
export const deduplicateProcessor = (
  { name, by, withinMs }: DeduplicateNode,
  seen: WindowStore,
  { forward, dropped }: Pick<Wiring, 'forward' | 'dropped'>,
): Processor => ({
  process(record) {
    const { timestamp } = record
    const key = record.keyBytes()
    if (key === null) return forward(record)
    // What it could be equal to may be forgotten.
    if (timestamp < seen.latest - withinMs) return dropped(name, 'late')
    const id = by === undefined ? key : identity(key, by(record))
    const [known] = seen.fetch(id, timestamp - withinMs, timestamp + withinMs)
    if (known !== undefined) return
    seen.put(id, timestamp, true, timestamp)
    forward(record)
  },
})

/** The key has its length in front, so that no two of them run together with what follows to the same bytes. */
function identity(key: Buffer, value: unknown): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(key.length)
  return Buffer.concat([length, key, Buffer.from(JSON.stringify(value ?? null))])
}
