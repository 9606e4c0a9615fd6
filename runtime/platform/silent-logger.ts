import type { Logger } from './logger.ts'

const nothing = () => undefined

/** Without winston, which threads have no use for. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
}
