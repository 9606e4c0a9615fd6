import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RuntimeConfigInput, RuntimeStatus } from '../../runtime/config.ts'
import { freePorts } from './free-ports.ts'

/** As the operator limits it by the memory of the pod. */
const HEAP = '--max-old-space-size=128'

interface InstanceOptions {
  readonly instanceId: string
  /** The text of a TypeScript job, when it is one. */
  readonly code?: string
  /** What the process sees as /etc/hosts; see `missingForHosts`. */
  readonly hostsFile?: string
}

const UNSHARE = ['unshare', '--mount', '--map-root-user']

/** Runs what follows in a mount namespace of its own, so that nobody else sees the file. */
const withHosts = (file: string): readonly string[] => [
  ...UNSHARE,
  ...['sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', file],
]

/** Why no process here can see a hosts file of its own, or undefined if one can. */
export function missingForHosts(): string | undefined {
  const [program = '', ...args] = UNSHARE
  const { status } = spawnSync(program, [...args, 'true'])
  return status === 0 ? undefined : 'unshare --mount is not allowed here'
}

/** `millrace run` as the container of a pod runs it: a process with probes, its log kept. */
export class InstanceProcess {
  readonly #child: ChildProcess
  readonly #url: string
  readonly #ended: Promise<number | NodeJS.Signals | null>
  #log = ''

  static async start(
    config: RuntimeConfigInput,
    { instanceId, code, hostsFile }: InstanceOptions,
  ): Promise<InstanceProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-instance-'))
    const path = join(folder, 'job.ts')
    if (code !== undefined) writeFileSync(path, code)
    const configFile = join(folder, 'config.json')
    const given = code === undefined ? config : { ...config, code: { path } }
    writeFileSync(configFile, JSON.stringify(given))
    const [port = 0] = await freePorts(1)
    const run = [process.execPath, 'cli/main.ts', 'run', '--config', configFile]
    const command = [...run, '--http-port', String(port)]
    const wrapped = hostsFile === undefined ? command : [...withHosts(hostsFile), ...command]
    return new InstanceProcess(folder, wrapped, port, instanceId)
  }

  private constructor(
    folder: string,
    [program = '', ...args]: readonly string[],
    port: number,
    instanceId: string,
  ) {
    this.#url = `http://127.0.0.1:${port}`
    this.#child = spawn(program, args, {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { ...process.env, POD_NAME: instanceId, NODE_OPTIONS: HEAP },
    })
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
