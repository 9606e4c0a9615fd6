import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { placeOf } from './example.ts'
import type { Fence } from './page.ts'

const FOLDER = join('node_modules', '.cache', 'docs-examples')

/** What the compiler has against the blocks, under the project's own settings. */
export function typeFaults(fences: readonly Fence[]): string[] {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const places = new Map(
    fences.map((fence, index) => {
      const path = join(FOLDER, `example-${index}.ts`)
      writeFileSync(path, fence.text)
      return [path, placeOf(fence)] as const
    }),
  )
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
    readonly config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.')
  const program = ts.createProgram([...places.keys()], { ...options, incremental: false })
  return [...places].flatMap(([path, place]) => {
    const file = program.getSourceFile(path)
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]
    return found.map(
      ({ messageText }) => `${place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    )
  })
}
