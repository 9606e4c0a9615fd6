/** A key-value store of one task. Keys are serialised key bytes; values are what the aggregate keeps (JSON data). */
export interface KeyValueStore {
  readonly name: string
  get(key: Buffer): unknown
  put(key: Buffer, value: unknown): void
  readonly size: number
}
