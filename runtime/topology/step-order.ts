import type { InputConfig, StepConfig } from '../config.ts'
import type { Problem } from '../errors.ts'

export interface PlacedStep {
  readonly step: StepConfig
  /** In the list as the user wrote it. */
  readonly index: number
}

/** The inputs, steps and branches whose records a step takes. */
export const originsOf = ({ from, merge }: Pick<StepConfig, 'from' | 'merge'>): readonly string[] =>
  merge ?? (from === undefined ? [] : [from])

/** What its records meet. */
export const joinedBy = ({ join }: Pick<StepConfig, 'join'>): readonly string[] =>
  [join?.stream, join?.table].filter((name) => name !== undefined)

/** The part of `<step>.<branch>` that waits for its turn. */
const stepsAbove = (step: StepConfig): readonly string[] =>
  [...originsOf(step), ...joinedBy(step)].map((origin) => origin.split('.')[0] ?? origin)

/** Steps may be written in any order; a step that waits for itself is a cycle, named in full. */
export function parentsFirst(
  steps: readonly StepConfig[],
  inputs: readonly InputConfig[],
  problems: Problem[],
): readonly PlacedStep[] {
  const waiting = steps.map((step, index) => ({ step, index }))
  const placed: PlacedStep[] = []
  const pending = new Set(steps.map(({ name }) => name))
  for (const { name } of inputs) pending.delete(name)
  for (;;) {
    const next = waiting.findIndex(({ step }) => !stepsAbove(step).some((at) => pending.has(at)))
    const [found] = next < 0 ? [] : waiting.splice(next, 1)
    if (found === undefined) break
    pending.delete(found.step.name)
    placed.push(found)
  }
  const [stuck] = waiting
  if (stuck !== undefined) {
    const loop = cycleFrom(stuck.step, waiting).join(' → ')
    const message = `the steps form a cycle: ${loop}; a step reads an input or an earlier step`
    problems.push({ path: `steps[${stuck.index}]`, message })
  }
  return placed
}

/** Every step that is stuck takes from one that is, so following them comes back to where it was. */
function cycleFrom(start: StepConfig, stuck: readonly PlacedStep[]): readonly string[] {
  const path: string[] = []
  let name: string | undefined = start.name
  while (name !== undefined && !path.includes(name)) {
    path.unshift(name)
    const step = stuck.find((one) => one.step.name === name)?.step
    const origins: readonly string[] = step === undefined ? [] : stepsAbove(step)
    name = origins.find((at) => stuck.some((one) => one.step.name === at))
  }
  return name === undefined ? path : [name, ...path.slice(0, path.indexOf(name) + 1)]
}

export function duplicates(
  inputs: readonly InputConfig[],
  steps: readonly StepConfig[],
): readonly Problem[] {
  const seen = new Set(inputs.map(({ name }) => name))
  return steps.flatMap(({ name }, index) => {
    const taken = seen.has(name)
    seen.add(name)
    return taken
      ? [{ path: `steps[${index}].name`, message: `"${name}" is taken by another input or step` }]
      : []
  })
}
