import type { Problem } from '../errors.ts'
import { compile, type Expression } from '../expr/compile.ts'
import { recordEnvironment } from '../expr/record-environment.ts'
import type { StreamRecord } from './record.ts'

/** Compiles the expressions of one step or output, and notes what is wrong under the path of the field. */
export class FieldCompiler {
  readonly #path: string
  readonly #problems: Problem[]
  #failed = false

  constructor(path: string, problems: Problem[]) {
    this.#path = path
    this.#problems = problems
  }

  /** True once something was wrong. */
  get failed(): boolean {
    return this.#failed
  }

  /** undefined if there is no such field, or if it does not compile. */
  expression(field: string, source: string | undefined): Expression<StreamRecord> | undefined {
    if (source === undefined) return undefined
    return this.attempt(field, () => compile(source, recordEnvironment))
  }

  attempt<T>(field: string, compileIt: () => T): T | undefined {
    try {
      return compileIt()
    } catch (error) {
      this.fail(field, (error as Error).message)
      return undefined
    }
  }

  /** `field` is '' for the whole. Returns the empty list, for callers that have nothing to give then. */
  fail(field: string, message: string): [] {
    this.#failed = true
    const path = field === '' ? this.#path : `${this.#path}.${field}`
    this.#problems.push({ path, message })
    return []
  }
}
