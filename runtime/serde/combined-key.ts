const LENGTH_BYTES = 4

/** Keys of subscriptions in their store: `int32 length of the foreign key | foreign key | primary key`, as in Kafka Streams. */
export const combinedKey = (foreignKey: Buffer, primaryKey: Buffer): Buffer =>
  Buffer.concat([combinedKeyPrefix(foreignKey), primaryKey])

/** What all keys of a foreign key begin with, and no others do. */
export function combinedKeyPrefix(foreignKey: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeInt32BE(foreignKey.length)
  return Buffer.concat([length, foreignKey])
}
