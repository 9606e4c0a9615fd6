/** An error and what it wraps, outermost first: the parts of what failed in several ways, and the causes. */
export function causes(error: unknown): readonly Error[] {
  if (!(error instanceof Error)) return []
  const parts: readonly unknown[] =
    'errors' in error && Array.isArray(error.errors) ? error.errors : []
  return [error, ...parts.flatMap(causes), ...causes(error.cause)]
}
