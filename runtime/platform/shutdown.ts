/** A second signal, or the deadline, ends the process whatever is still open. */
export interface ShutdownOptions {
  readonly stop: () => Promise<void>
  readonly deadlineMs: number
  readonly onSignal?: (signal: string) => void
}

const INTERRUPTED = 130

/** First SIGTERM or SIGINT: stop in order, then exit 0. Second one: exit now. */
export function onShutdown({ stop, deadlineMs, onSignal }: ShutdownOptions): void {
  let stopping = false
  const handle = (signal: string) => {
    if (stopping) process.exit(INTERRUPTED)
    stopping = true
    onSignal?.(signal)
    setTimeout(() => process.exit(1), deadlineMs).unref()
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', handle)
  process.on('SIGINT', handle)
}
