import type { Serde } from '../serde/serde.ts'
import { Changes, type Entry } from './changes.ts'
import { bytesOf } from './bytes-of.ts'
import { OrderedKeys } from './ordered-keys.ts'
import type { ChangelogRecord, KeyValueStore, StateStore, Stored } from './store.ts'

interface KeyEntry extends Entry {
  readonly id: string
  readonly key: Buffer
}

/** Every key in memory, with its value as processors made it. */
export class MemoryKeyValueStore implements KeyValueStore, StateStore {
  readonly name: string
  readonly #serde: Serde
  readonly #entries = new Map<string, KeyEntry>()
  readonly #changes = new Changes<KeyEntry>((entry) => this.#drop(entry))
  /** Made when somebody first asks for several keys. */
  #index: OrderedKeys<KeyEntry> | undefined

  /** `serde`: how values are written to the changelog. */
  constructor(name: string, serde: Serde) {
    this.name = name
    this.#serde = serde
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: Buffer): Stored | undefined {
    const entry = this.#entries.get(key.toString('latin1'))
    return entry?.value === undefined ? undefined : entry
  }

  put(key: Buffer, value: unknown, timestamp: number): void {
    this.#changes.set(this.#entry(key), value, timestamp)
  }

  entries(): Iterable<KeyEntry> {
    return present(this.#ordered().all())
  }

  withPrefix(prefix: Buffer): Iterable<KeyEntry> {
    return present(this.#ordered().withPrefix(prefix))
  }

  accept(): void {
    this.#changes.accept()
  }

  get mark(): number {
    return this.#changes.mark
  }

  rollback(mark?: number): void {
    this.#changes.rollback(mark)
  }

  *takeDirty(): Iterable<ChangelogRecord> {
    for (const { key, value, timestamp } of this.#changes.takeDirty())
      yield { key, value: bytesOf(value, this.#serde), timestamp }
  }

  restore({ key, value, timestamp }: ChangelogRecord): void {
    const entry = this.#entry(key)
    if (value === null) return this.#drop(entry)
    entry.value = this.#serde.deserialize(value)
    entry.timestamp = timestamp
  }

  #entry(key: Buffer): KeyEntry {
    const id = key.toString('latin1')
    const known = this.#entries.get(id)
    if (known !== undefined) return known
    // A copy: the key is a view of a fetched batch, which must not stay in memory for one key's sake.
    const entry = { id, key: Buffer.from(key), value: undefined, timestamp: 0, dirty: false }
    this.#entries.set(id, entry)
    this.#index?.add(entry)
    return entry
  }

  #drop(entry: KeyEntry): void {
    this.#entries.delete(entry.id)
    this.#index?.delete(entry)
  }

  #ordered(): OrderedKeys<KeyEntry> {
    return (this.#index ??= new OrderedKeys(this.#entries.values()))
  }
}

const present = (entries: readonly KeyEntry[]): readonly KeyEntry[] =>
  entries.filter(({ value }) => value !== undefined)
