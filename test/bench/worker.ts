import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface WorkerSpec {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Gets everything the process prints. */
  readonly logFile: string
}

/** A process to be measured: its own, so that its CPU and memory are its own. */
export class Worker {
  readonly pid: number
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  readonly #spec: WorkerSpec
  readonly #endWithUs = () => this.#child.kill('SIGKILL')

  constructor(spec: WorkerSpec) {
    const [file = '', ...args] = spec.argv
    const output = openSync(spec.logFile, 'w')
    this.#spec = spec
    this.#child = spawn(file, args, {
      env: { ...process.env, ...spec.env },
      stdio: ['ignore', output, output],
    })
    if (this.#child.pid === undefined) throw new Error(`cannot start ${file}`)
    this.pid = this.#child.pid
    this.ended = new Promise((resolve) => this.#child.once('exit', resolve))
    process.once('exit', this.#endWithUs)
    void this.ended.then(() => process.removeListener('exit', this.#endWithUs))
  }

  failIfEnded(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      throw this.failure('ended on its own')
  }

  /** What went wrong, with the last words of the process. */
  failure(what: string): Error {
    return new Error(`${this.#spec.argv.join(' ')} ${what}:\n${this.printed().slice(-2000)}`)
  }

  /** Everything it has printed so far. */
  printed(): string {
    return readFileSync(this.#spec.logFile, 'utf8')
  }

  /** As the kernel does where memory runs out. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  /** Lets the process finish in order, as Kubernetes would, and kills one that does not. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    this.#child.kill('SIGTERM')
    await this.ended
    clearTimeout(deadline)
  }
}

const STOP_MS = 30_000

/** A program of the bench beside a run, in a process of its own. */
export const peer = (
  name: 'latency-producer' | 'latency-consumer' | 'endurance-feeder' | 'raw-copy',
  dir: string,
  options: Readonly<Record<string, string | number>>,
): Worker =>
  new Worker({
    argv: [
      process.execPath,
      join(import.meta.dirname, `${name}.ts`),
      ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]),
    ],
    logFile: join(dir, `${name}.log`),
  })
