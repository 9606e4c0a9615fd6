import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { builtJars, type JavaProject, missingForBuild } from '../kafka/built-jars.ts'
import type { Case } from './case.ts'
import type { Outcome } from './outcome.ts'

const PROJECT: JavaProject = {
  name: 'kafka-streams-differential',
  dir: join(import.meta.dirname, 'java'),
  jar: 'differential',
}

export const missingForKafkaStreams = (): Promise<string | undefined> => missingForBuild(PROJECT)

/** Kafka Streams' own TopologyTestDriver, in one process that runs cases one after another (`java/…/Main.java`). */
export class KafkaStreams {
  readonly #process: ChildProcess
  readonly #stateDir: string
  readonly #answers: AsyncIterator<string>
  readonly #endWithUs = () => this.#process.kill('SIGKILL')
  #said = ''

  private constructor(libs: string) {
    this.#stateDir = mkdtempSync(join(tmpdir(), 'kafka-streams-'))
    const argv = [
      // A topology lives for some milliseconds: the thorough compiler costs more than it saves.
      ...['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      `-Dlog4j.configuration=file:${join(import.meta.dirname, 'java', 'log4j.properties')}`,
      ...['-cp', `${libs}/*`, 'dev.millrace.differential.Main', this.#stateDir],
    ]
    this.#process = spawn('java', argv, { stdio: 'pipe' })
    this.#answers = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]()
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-2000)
    })
    this.#process.stdin?.on('error', () => undefined)
    process.once('exit', this.#endWithUs)
  }

  static async start(log: (line: string) => void = () => undefined): Promise<KafkaStreams> {
    return new KafkaStreams(await builtJars(PROJECT, log))
  }

  /** One case at a time. */
  async run(one: Case): Promise<Outcome> {
    this.#process.stdin?.write(`${JSON.stringify(one)}\n`)
    const answer = await this.#answers.next()
    if (answer.done !== true) return JSON.parse(answer.value) as Outcome
    throw new Error(`the Java process ended:\n${this.#said}`)
  }

  async close(): Promise<void> {
    process.removeListener('exit', this.#endWithUs)
    const isOver = this.#process.exitCode !== null || this.#process.signalCode !== null
    const ended = isOver ? Promise.resolve() : once(this.#process, 'exit')
    this.#process.stdin?.end()
    await ended
    rmSync(this.#stateDir, { recursive: true, force: true })
  }
}
