import { createLogger as createWinston, format, transports } from 'winston'
import { presentable } from './presentable.ts'

/** Structured logs: a message that names what happened, and fields. Never a record's payload, never a secret. */
export interface Logger {
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
  /** A logger that adds these fields to every line. */
  child(fields: Fields): Logger
}

export type Fields = Readonly<Record<string, unknown>>

export interface LoggerOptions {
  readonly level: string
  /** `json`: one object a line, for machines. `text`: for a person at a terminal. */
  readonly style: 'json' | 'text'
}

export function createLogger({ level, style }: LoggerOptions): Logger {
  const winston = createWinston({
    level,
    format: style === 'text' ? textFormat : jsonFormat,
    transports: [new transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  })
  return winston
}

const jsonFormat = format.printf(({ level, message, ...fields }) =>
  JSON.stringify({
    ts: new Date().toISOString(),
    level,
    msg: message,
    ...(presentable(fields) as Fields),
  }),
)

const textFormat = format.printf(({ level, message, ...fields }) => {
  const rest = Object.entries(fields).map(([name, field]) => `${name}=${shortText(field)}`)
  return [level.toUpperCase().padEnd(5), message, ...rest].join(' ')
})

const shortText = (field: unknown): string =>
  field instanceof Error
    ? field.message
    : typeof field === 'string'
      ? field
      : JSON.stringify(presentable(field))
