import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../support/command.ts'
import { javaOptions } from './jars.ts'

interface Program {
  readonly mainClass: string
  readonly heap: string
  /** What runs it, if something is to: a command that takes another one. */
  readonly runner?: readonly string[]
}

/** Java servers of one test, with their settings and logs in one folder. They end with this process. */
export class JavaProcesses {
  readonly #dir: string
  readonly #libsDir: string
  readonly #programs = new Map<string, Program>()
  readonly #running = new Map<string, ChildProcess>()
  readonly #endWithUs = () => {
    this.#killAll()
    this.#removeFiles()
  }

  constructor(dir: string, libsDir: string) {
    this.#dir = dir
    this.#libsDir = libsDir
    mkdirSync(join(dir, 'logs'), { recursive: true })
    process.once('exit', this.#endWithUs)
  }

  start(name: string, program: Program, properties: readonly string[]): void {
    writeFileSync(this.#propertiesFile(name), `${properties.join('\n')}\n`)
    this.#programs.set(name, program)
    this.restart(name)
  }

  /** Starts a program again that has ended, with the settings and the data it had. */
  restart(name: string): void {
    const program = this.#programs.get(name)
    if (program === undefined) throw new Error(`${name} was never started`)
    const { mainClass, heap, runner = [] } = program
    const output = openSync(join(this.#dir, 'logs', `${name}.log`), 'a')
    const [executable = '', ...args] = [
      ...[...runner, 'java'],
      `-Xmx${heap}`,
      '-XX:+UseSerialGC',
      ...javaOptions(this.#libsDir),
      mainClass,
      this.#propertiesFile(name),
    ]
    this.#running.set(name, spawn(executable, args, { stdio: ['ignore', output, output] }))
  }

  /** undefined where it does not run. */
  pidOf(name: string): number | undefined {
    const child = this.#running.get(name)
    return child?.exitCode === null && child.signalCode === null ? child.pid : undefined
  }

  get pids(): readonly number[] {
    return [...this.#running.values()].flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
  }

  signal(name: string, signal: NodeJS.Signals): void {
    this.#running.get(name)?.kill(signal)
  }

  async kill(name: string): Promise<void> {
    const child = this.#running.get(name)
    if (child === undefined) return
    child.kill('SIGKILL')
    await ended(child)
  }

  failIfEnded(): void {
    for (const [name, child] of this.#running) {
      if (child.exitCode === null) continue
      const log = readFileSync(join(this.#dir, 'logs', `${name}.log`), 'utf8')
      throw new Error(`${name} ended with ${child.exitCode}:\n${log.slice(-2000)}`)
    }
  }

  tool(mainClass: string, args: readonly string[], input?: string): Promise<string> {
    const argv = ['java', '-Xmx256m', '-XX:TieredStopAtLevel=1', ...javaOptions(this.#libsDir)]
    return command([...argv, mainClass, ...args], input === undefined ? {} : { input })
  }

  /** The data goes with the folder, so nothing is worth an orderly shutdown. */
  async stop(): Promise<void> {
    process.removeListener('exit', this.#endWithUs)
    this.#killAll()
    await Promise.all([...this.#running.values()].map(ended))
    this.#removeFiles()
  }

  #killAll(): void {
    for (const child of this.#running.values()) child.kill('SIGKILL')
  }

  /** Again where a process that was killed just now has written meanwhile. */
  #removeFiles(): void {
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 10 })
  }

  #propertiesFile(name: string): string {
    return join(this.#dir, `${name}.properties`)
  }
}

const ended = (child: ChildProcess) =>
  new Promise((resolve) =>
    child.exitCode === null && child.signalCode === null
      ? child.once('exit', resolve)
      : resolve(undefined),
  )
