import { protocolErrorsCodesById } from '@platformatic/kafka'

/** Kafka's own name of an error code; `NONE` for 0. */
export const errorName = (code: number): string =>
  code === 0
    ? 'NONE'
    : ((protocolErrorsCodesById as Readonly<Record<number, string>>)[code] ?? `ERROR_${code}`)
