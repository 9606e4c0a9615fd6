import { spawn, type SpawnOptions } from 'node:child_process'

export interface CommandOptions extends SpawnOptions {
  readonly input?: string
  /** Gets each line the command prints, as it comes. */
  readonly onLine?: (line: string) => void
}

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end, whatever its exit code. */
export function tryCommand(
  argv: readonly string[],
  { input, onLine, ...options }: CommandOptions = {},
): Promise<CommandResult> {
  const [file = '', ...args] = argv
  const child = spawn(file, args, { ...options, stdio: 'pipe' })
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
    if (onLine !== undefined) chunk.toString().trimEnd().split('\n').forEach(onLine)
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    if (onLine !== undefined) chunk.toString().trimEnd().split('\n').forEach(onLine)
  })
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }))
  })
}

/** Runs a command that must succeed and returns what it printed. */
export async function command(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await tryCommand(argv, options)
  if (code !== 0)
    throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr.trim() || stdout.trim()}`)
  return stdout
}

export async function hasCommand(name: string): Promise<boolean> {
  return (await tryCommand(['sh', '-c', `command -v ${name}`])).code === 0
}
