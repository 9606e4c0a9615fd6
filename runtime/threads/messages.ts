import type { RuntimeConfig, RuntimeStatus } from '../config.ts'
import type { LogLine } from '../platform/forwarding-logger.ts'

/** A thread whose loop has not come round for so long is stuck in the job's own code, and not ready. */
export const STALLED_MS = 60_000

/** What a worker thread is started with. */
export interface ThreadSettings {
  readonly config: RuntimeConfig
  readonly instanceId: string
  /** From 1. */
  readonly thread: number
}

/** What a worker thread says; never a word per record. */
export type ThreadReport =
  | { readonly kind: 'status'; readonly status: RuntimeStatus; readonly ready: boolean }
  | { readonly kind: 'log'; readonly line: LogLine }
  /** Its last word. Without an error it was asked to stop. */
  | { readonly kind: 'ended'; readonly error?: ThreadError }

/** An error as it crosses threads: structured cloning would lose the name of its class. */
export interface ThreadError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
}

/** What the main thread asks of it. */
export type ThreadRequest = 'stop'
