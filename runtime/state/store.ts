/** A key-value store of one task. Keys are serialised key bytes; values are plain JSON and never changed in place. */
export interface KeyValueStore {
  readonly name: string
  readonly size: number
  /** undefined when the key is absent. */
  get(key: Buffer): unknown
  put(key: Buffer, value: unknown): void
}
