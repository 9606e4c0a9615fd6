import type { ColumnSessionStore } from './column-session-store.ts'
import type { ColumnStore } from './column-store.ts'
import type { ColumnWindowStore } from './column-window-store.ts'

/** Layout → the store of that layout whose values are objects of numbers. */
export interface ColumnStores {
  readonly 'key-value': ColumnStore
  readonly window: ColumnWindowStore
  readonly session: ColumnSessionStore
}
