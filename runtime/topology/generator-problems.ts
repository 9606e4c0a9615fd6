import type { RuntimeConfig } from '../config.ts'
import type { Problem } from '../errors.ts'
import { compile } from '../expr/compile.ts'
import { generatorEnvironment } from '../expr/generator-environment.ts'

/** Problems of the inputs' generators, whichever way the job is written. */
export function generatorProblems(inputs: RuntimeConfig['inputs']): Problem[] {
  return inputs.flatMap(({ generator }, index) => {
    if (generator === undefined) return []
    const path = `inputs[${index}].generator`
    const fields = Object.entries(generator.value).map(
      ([name, source]) => [`${path}.value.${name}`, source] as const,
    )
    const key = generator.key === undefined ? [] : [[`${path}.key`, generator.key] as const]
    return [...key, ...fields].flatMap(([at, source]) => problemOf(at, source))
  })
}

function problemOf(path: string, source: string): Problem[] {
  try {
    compile(source, generatorEnvironment)
    return []
  } catch (error) {
    return [{ path, message: (error as Error).message }]
  }
}
