import { recordBlocks, restoreBlock } from './record-blocks.ts'
import type { ChangelogRecord } from './store.ts'

/** A store of which a snapshot has what its changelog would have. */
export abstract class RecordedStore {
  /** All that it holds, each as it is when it is asked for. */
  protected abstract records(): Iterable<ChangelogRecord>
  abstract restore(record: ChangelogRecord): void

  dump(blockBytes: number): Iterable<Buffer> {
    return recordBlocks(this.records(), blockBytes)
  }

  load(block: Buffer): void {
    restoreBlock(block, this)
  }
}
