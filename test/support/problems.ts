import {
  type RuntimeConfigInput,
  runtimeConfigSchema,
  type StepConfig,
} from '../../runtime/config.ts'
import { lint } from '../../runtime/lint.ts'

/** What the linter says of steps over the inputs, one line a problem. Without outputs the last step is written out. */
export function problemsOf(
  steps: readonly object[],
  inputs: readonly (string | RuntimeConfigInput['inputs'][number])[] = ['in'],
  outputs: readonly object[] = [{ from: (steps.at(-1) as StepConfig).name, topic: 'out' }],
): readonly string[] {
  const config = runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
    inputs: inputs.map((input) =>
      typeof input === 'string' ? { name: input, topic: input } : input,
    ),
    steps,
    outputs,
  })
  return lint(config).map(({ path, message }) => `${path}: ${message}`)
}
