import { isSameKey } from '../serde/key.ts'
import { type Instruction, instruction, type Subscription } from '../serde/subscription.ts'
import type { ForeignKeySubscribeNode } from '../topology/foreign-key-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'
import { rowHash } from './row-hash.ts'

/** Tells the key of the old row and that of the new one what becomes of the left row, as Kafka Streams does. */
export function foreignKeySubscribeProcessor(
  { name, foreignKey, type }: ForeignKeySubscribeNode,
  { forward, dropped }: Pick<Wiring, 'forward' | 'dropped'>,
): Processor {
  const keyOf = (row: FlowRecord): unknown =>
    row.value === null ? null : (foreignKey(row) ?? null)

  const left: Tell = (before, now, send) => {
    if (before !== null && !isSameKey(before, now)) send(before, instruction.deleteSilently)
    send(now, instruction.answerAlways)
  }

  const inner: Tell = (before, now, send) => {
    const { deleteAndAnswer, deleteSilently, answerAlways, answerIfFound } = instruction
    if (now === null) {
      if (before === null) dropped(name, 'null-foreign-key')
      else send(before, deleteAndAnswer)
    } else if (before === null) send(now, answerIfFound)
    else {
      const isSame = isSameKey(before, now)
      if (!isSame) send(before, deleteSilently)
      send(now, isSame ? answerIfFound : answerAlways)
    }
  }

  const tell = type === 'Left' ? left : inner
  return {
    process(record) {
      const { value, oldValue, partition } = record
      const primaryKey = record.keyBytes()
      if (primaryKey === null) return dropped(name, 'null-key')
      if (value === null && oldValue === null) return
      const about = { hash: rowHash(value), primaryKey, partition }
      tell(keyOf(record.withValue(oldValue)), keyOf(record), (key, what) => {
        const subscription: Subscription = { ...about, instruction: what }
        forward(record.withKey(key).withValue(subscription))
      })
    },
  }
}

/** `before` and `now`: the foreign keys of the old and of the new row; null for none. */
type Tell = (
  before: unknown,
  now: unknown,
  send: (foreignKey: unknown, what: Instruction) => void,
) => void
