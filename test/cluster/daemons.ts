import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'

const END_MS = 10_000

/**
 * Processes that outlive the one that starts them. Each is known by its pid and its start time, so that an id which the
 * kernel has given to somebody else since is never ended by mistake.
 */
export class Daemons {
  readonly #pids: string
  readonly #logs: string

  constructor(dir: string) {
    this.#pids = join(dir, 'pid')
    this.#logs = join(dir, 'log')
    mkdirSync(this.#pids, { recursive: true })
    mkdirSync(this.#logs, { recursive: true })
  }

  start(name: string, argv: readonly string[]): void {
    const out = openSync(join(this.#logs, `${name}.log`), 'a')
    const [file = '', ...args] = argv
    const child = spawn(file, args, { detached: true, stdio: ['ignore', out, out] })
    child.on('error', (error) => console.error(`${file}: ${error.message}`))
    child.unref()
    const pid = child.pid ?? 0
    writeFileSync(join(this.#pids, name), `${pid} ${startTime(pid) ?? ''}`)
  }

  isRunning(name: string): boolean {
    return this.#pidOf(name) !== undefined
  }

  lastWords(name: string): string {
    try {
      return readFileSync(join(this.#logs, `${name}.log`), 'utf8').slice(-2000)
    } catch {
      return ''
    }
  }

  /** Asks the named one to end, or all of them, and makes those end that do not. */
  async stop(names: readonly string[] = readdirSync(this.#pids)): Promise<void> {
    await Promise.all(names.map((name) => this.#stopOne(name)))
  }

  async #stopOne(name: string): Promise<void> {
    const pid = this.#pidOf(name)
    if (pid !== undefined) {
      process.kill(pid, 'SIGTERM')
      const gone = () => {
        if (this.isRunning(name)) throw new Error(`${name} is still running`)
      }
      await eventually(gone, { timeoutMs: END_MS }).catch(() => process.kill(pid, 'SIGKILL'))
    }
    rmSync(join(this.#pids, name), { force: true })
  }

  #pidOf(name: string): number | undefined {
    try {
      const [pid = '', started = ''] = readFileSync(join(this.#pids, name), 'utf8').split(' ')
      return startTime(Number(pid)) === started ? Number(pid) : undefined
    } catch {
      return undefined
    }
  }
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process, or only its corpse. */
function startTime(pid: number): string | undefined {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return afterName[0] === 'Z' ? undefined : afterName[19]
  } catch {
    return undefined
  }
}
