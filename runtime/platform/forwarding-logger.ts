import type { Fields, Logger } from './logger.ts'
import { presentable } from './presentable.ts'

export type LogLevel = Exclude<keyof Logger, 'child'>

/** A line on its way to who writes it. Plain data. */
export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Fields
}

/** Logs by handing each line to `send`: a thread needs neither winston nor a share of the terminal. */
export function forwardingLogger(send: (line: LogLine) => void, fields: Fields = {}): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, more: Fields = {}) =>
      send({ level, message, fields: presentable({ ...fields, ...more }) as Fields })
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => forwardingLogger(send, { ...fields, ...more }),
  }
}
