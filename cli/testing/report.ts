import { diff, styleText } from 'node:util'
import { stringify } from 'yaml'
import type { Difference } from './compare.ts'

/** One test, and what came of it. */
export interface TestResult {
  readonly file: string
  readonly name: string
  /** None: it has passed. */
  readonly failures: readonly PlacedFailure[]
}

export interface PlacedFailure {
  /** `file:line:column`. */
  readonly place: string
  readonly message: string
  readonly difference?: Difference
}

/** Colours are left out where standard output is no terminal, or NO_COLOR says so. */
export function resultText({ name, failures }: TestResult): string {
  if (failures.length === 0) return `  ${styleText('green', '✓')} ${name}`
  return [`  ${styleText('red', '✗')} ${name}`, ...failures.map(failureText)].join('\n')
}

function failureText({ place, message, difference }: PlacedFailure): string {
  const told = `${place}: ${message}`.split('\n')
  const shown = difference === undefined ? [] : diffLines(difference)
  return [...told, ...shown].map((line) => `      ${line}`).join('\n')
}

/** Line by line as YAML, whose order of fields means nothing. */
function diffLines({ expected, actual }: Difference): readonly string[] {
  const lines = diff(yamlLines(expected), yamlLines(actual)).map(([side, line]) => {
    if (side === 0) return `  ${line}`
    return side > 0 ? styleText('green', `- ${line}`) : styleText('red', `+ ${line}`)
  })
  return [`${styleText('green', '- expected')}  ${styleText('red', '+ actual')}`, ...lines]
}

const yamlLines = (value: unknown): readonly string[] =>
  stringify(value, { lineWidth: 0, sortMapEntries: true }).trimEnd().split('\n')

export function summaryText(results: readonly TestResult[]): string {
  const failed = results.filter(({ failures }) => failures.length > 0).length
  return `${results.length - failed} passed, ${failed} failed`
}
