import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RuntimeConfigInput, RuntimeStatus } from '../../runtime/config.ts'
import { cacheDir } from './cache.ts'
import { freePorts } from './free-ports.ts'
import { disk, mounting } from './mounts.ts'

/** As the operator limits it by the memory of the pod. */
const HEAP_MB = 128
/** Kept between processes: most of what a start takes is reading our own sources. */
const COMPILED = join(cacheDir, 'compiled')
const shiftedClock = pathToFileURL(join(import.meta.dirname, 'shifted-clock.ts')).href

export interface InstanceOptions {
  readonly instanceId: string
  /** The text of a TypeScript job, when it is one. */
  readonly code?: string
  /** What the process sees as /etc/hosts; see `missingForMounts`. */
  readonly hostsFile?: string
  /** A directory that is a disk of its own for the process, empty and of 16 KiB; see `missingForMounts`. */
  readonly smallDisk?: string
  /** The same, empty and not to be written to. */
  readonly readOnlyDisk?: string
  /** Of each of its threads. */
  readonly heapMb?: number
  /** How far its clock is ahead of ours. */
  readonly clockAheadMs?: number
}

function mountsOf(options: InstanceOptions): readonly string[] {
  const { hostsFile, smallDisk, readOnlyDisk } = options
  return [
    ...(hostsFile === undefined ? [] : mounting(`--bind ${hostsFile}`, '/etc/hosts')),
    ...(smallDisk === undefined ? [] : mounting(disk('size=16k'), smallDisk)),
    ...(readOnlyDisk === undefined ? [] : mounting(disk('ro'), readOnlyDisk)),
  ]
}

function environmentOf(options: InstanceOptions): NodeJS.ProcessEnv {
  const { instanceId, heapMb = HEAP_MB, clockAheadMs } = options
  const heap = `--max-old-space-size=${heapMb}`
  const shifted = clockAheadMs === undefined ? '' : ` --import=${shiftedClock}`
  return {
    ...process.env,
    POD_NAME: instanceId,
    NODE_COMPILE_CACHE: COMPILED,
    NODE_OPTIONS: `${heap}${shifted}`,
    CLOCK_AHEAD_MS: `${clockAheadMs ?? 0}`,
  }
}

/** `millrace run` as the container of a pod runs it: a process with probes, its log kept. */
export class InstanceProcess {
  readonly #child: ChildProcess
  readonly #url: string
  readonly #ended: Promise<number | NodeJS.Signals | null>
  #log = ''

  static async start(
    config: RuntimeConfigInput,
    options: InstanceOptions,
  ): Promise<InstanceProcess> {
    const { code } = options
    const folder = mkdtempSync(join(tmpdir(), 'millrace-instance-'))
    const path = join(folder, 'job.ts')
    if (code !== undefined) writeFileSync(path, code)
    const configFile = join(folder, 'config.json')
    const given = code === undefined ? config : { ...config, code: { path } }
    writeFileSync(configFile, JSON.stringify(given))
    const [port = 0] = await freePorts(1)
    const run = [process.execPath, 'cli/main.ts', 'run', '--config', configFile]
    const command = [...run, '--http-port', String(port)]
    const env = environmentOf(options)
    return new InstanceProcess(folder, [...mountsOf(options), ...command], { port, env })
  }

  private constructor(
    folder: string,
    [program = '', ...args]: readonly string[],
    { port, env }: { readonly port: number; readonly env: NodeJS.ProcessEnv },
  ) {
    this.#url = `http://127.0.0.1:${port}`
    this.#child = spawn(program, args, { stdio: ['ignore', 'inherit', 'pipe'], env })
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()))
    this.#ended = new Promise((resolve) =>
      this.#child.once('exit', (code, signal) => {
        rmSync(folder, { recursive: true })
        resolve(code ?? signal)
      }),
    )
  }

  get log(): string {
    return this.#log
  }

  /** undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async status(): Promise<RuntimeStatus> {
    const response = await fetch(`${this.#url}/status`)
    return (await response.json()) as RuntimeStatus
  }

  /** The HTTP status that a probe gets. */
  async probe(path: '/healthz' | '/readyz', timeoutMs = 2000): Promise<number> {
    return (await fetch(`${this.#url}${path}`, { signal: AbortSignal.timeout(timeoutMs) })).status
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** The exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals | null> {
    return this.#ended
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended()
  }
}
