import type { z } from 'zod'

/** A validation that the API server runs (CEL) and that we can run without one (predicate): the same rule twice. */
export interface Rule<T> {
  /** CEL over `self`; with `oldSelf` it is a transition rule. */
  readonly cel: string
  /** Says what to write. */
  readonly message: string
  /** Transition rules get the old value; it is undefined on create, when they do not apply. */
  readonly holds: (self: T, oldSelf?: T) => boolean
  /** Field below the schema that the rule is about. */
  readonly fieldPath?: string
}

/** Attaches rules to a schema: to the CRD as `x-kubernetes-validations`, to zod as a check. */
export function withRules<S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[]): S {
  const checked = schema.superRefine((value, context) => {
    for (const rule of rules) {
      if (isTransition(rule) || rule.holds(value)) continue
      context.addIssue({ code: 'custom', message: rule.message, path: pathOf(rule.fieldPath) })
    }
  })
  return checked.meta({
    ...schema.meta(),
    'x-kubernetes-validations': rules.map(({ cel, message, fieldPath }) => ({
      rule: cel,
      message,
      ...(fieldPath === undefined ? {} : { fieldPath }),
    })),
  })
}

export const isTransition = ({ cel }: Pick<Rule<never>, 'cel'>): boolean => cel.includes('oldSelf')

const pathOf = (fieldPath = ''): string[] => fieldPath.split('.').filter((part) => part !== '')
