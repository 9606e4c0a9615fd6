import { serializeKey } from '../serde/key.ts'
import { type Instruction, instruction, type Subscription } from '../serde/subscription.ts'
import type { ForeignKeySubscribeNode } from '../topology/foreign-key-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'
import { rowHash } from './row-hash.ts'

/**
 * What the keys of the old and of the new row have to be told. A foreign key that becomes null, or was null, is followed as
 * by Kafka Streams 4 (KAFKA-16407): 3.9 would keep the row of the key before.
 */
export function foreignKeySubscribeProcessor(
  { name, foreignKey, type }: ForeignKeySubscribeNode,
  { forward, dropped }: Pick<Wiring, 'forward' | 'dropped'>,
): Processor {
  const keyOf = (row: FlowRecord): unknown =>
    row.value === null ? null : (foreignKey(row) ?? null)

  const inner = (record: FlowRecord, send: Send, [before, now]: readonly [unknown, unknown]) => {
    const { deleteAndAnswer, deleteSilently, answerAlways, answerIfFound } = instruction
    if (before !== null && !isSame(before, now))
      send(before, now === null ? deleteAndAnswer : deleteSilently)
    if (now !== null) send(now, before === null ? answerIfFound : answerAlways)
    else if (record.value !== null) dropped(name, 'null-foreign-key')
  }

  const left = (record: FlowRecord, send: Send, [before, now]: readonly [unknown, unknown]) => {
    if (before !== null && !isSame(before, now)) send(before, instruction.deleteAndAnswer)
    if (record.value !== null || record.oldValue !== null) send(now, instruction.answerAlways)
  }

  const tell = type === 'Left' ? left : inner
  return {
    process(record) {
      const primaryKey = record.keyBytes()
      if (primaryKey === null) return dropped(name, 'null-key')
      const about = { hash: rowHash(record.value), primaryKey, partition: record.partition }
      const send: Send = (key, what) =>
        forward(
          record.withKey(key).withValue({ ...about, instruction: what } satisfies Subscription),
        )
      tell(record, send, [keyOf(record.withValue(record.oldValue)), keyOf(record)])
    },
  }
}

type Send = (foreignKey: unknown, what: Instruction) => void

function isSame(a: unknown, b: unknown): boolean {
  const [first, second] = [serializeKey(a), serializeKey(b)]
  return first !== null && second !== null && first.equals(second)
}
