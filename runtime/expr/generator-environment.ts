import type { Environment } from './environment.ts'
import { EvaluationFault } from './expression-error.ts'
import { requireNumber, typeName } from './values.ts'

/** What the expressions of a generator see. */
export interface GeneratorSubject {
  /** 0, 1, 2, … since the generator started. */
  readonly n: number
  /** Milliseconds since the epoch. */
  readonly now: number
  /** From 0 up to, not including, 1. */
  readonly random: () => number
}

export const generatorEnvironment: Environment<GeneratorSubject> = {
  variables: { n: ({ n }) => n, now: ({ now }) => now },
  functions: {
    random: {
      minArgs: 0,
      maxArgs: 2,
      apply: ([low = 0, high = 1], { random }) => {
        const from = requireNumber(low, 'random')
        return from + random() * (requireNumber(high, 'random') - from)
      },
    },
    oneOf: {
      minArgs: 1,
      maxArgs: 1,
      apply: ([list], { random }) => {
        if (Array.isArray(list) && list.length > 0)
          return list[Math.floor(random() * list.length)] as unknown
        throw new EvaluationFault(`oneOf needs a list with something in it, not ${typeName(list)}`)
      },
    },
  },
}
