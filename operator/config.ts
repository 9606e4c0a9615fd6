import { z } from 'zod'

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )

const schema = z.object({
  /** Namespace of the operator itself, where its lease is. */
  MILLRACE_NAMESPACE: z.string().default('default'),
  /** Namespaces to watch; empty: all. */
  WATCH_NAMESPACES: list,
  /** Image of runtime pods whose job names none. */
  MILLRACE_IMAGE: z.string().min(1, 'name the image that runtime pods run'),
  POD_NAME: z.string().default('operator'),
  LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
})

export interface OperatorConfig {
  readonly namespace: string
  readonly watchNamespaces: readonly string[]
  readonly image: string
  readonly identity: string
  readonly logLevel: string
  readonly httpPort: number
}

/** The operator's settings from its environment. Throws with every fault on its own line. */
export function operatorConfig(env: NodeJS.ProcessEnv): OperatorConfig {
  const parsed = schema.safeParse(env)
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new Error(`the operator's environment is not right:\n${faults.join('\n')}`)
  }
  const { data } = parsed
  return {
    namespace: data.MILLRACE_NAMESPACE,
    watchNamespaces: data.WATCH_NAMESPACES,
    image: data.MILLRACE_IMAGE,
    identity: data.POD_NAME,
    logLevel: data.LOG_LEVEL,
    httpPort: data.HTTP_PORT,
  }
}
