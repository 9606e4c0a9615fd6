import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RuntimeConfigInput, RuntimeStatus } from '../../runtime/config.ts'
import { freePorts } from './free-ports.ts'

/** As the operator limits it by the memory of the pod. */
const HEAP = '--max-old-space-size=128'

/** `millrace run` as the container of a pod runs it: a process with probes, its log kept. */
export class InstanceProcess {
  readonly #child: ChildProcess
  readonly #url: string
  readonly #ended: Promise<number | NodeJS.Signals | null>
  #log = ''

  /** `code` is the text of a TypeScript job, when it is one. */
  static async start(
    config: RuntimeConfigInput,
    { instanceId, code }: { readonly instanceId: string; readonly code?: string },
  ): Promise<InstanceProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-instance-'))
    const path = join(folder, 'job.ts')
    if (code !== undefined) writeFileSync(path, code)
    const configFile = join(folder, 'config.json')
    const given = code === undefined ? config : { ...config, code: { path } }
    writeFileSync(configFile, JSON.stringify(given))
    const [port = 0] = await freePorts(1)
    return new InstanceProcess(folder, configFile, port, instanceId)
  }

  private constructor(folder: string, configFile: string, port: number, instanceId: string) {
    this.#url = `http://127.0.0.1:${port}`
    const args = ['cli/main.ts', 'run', '--config', configFile, '--http-port', String(port)]
    this.#child = spawn(process.execPath, args, {
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
