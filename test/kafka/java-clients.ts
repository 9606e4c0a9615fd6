import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { cacheDir, withLock } from '../support/cache.ts'
import { command, hasCommand } from '../support/command.ts'
import type { SampleRecord } from '../support/sample-records.ts'
import { javaOptions, kafkaJars, missingForKafka } from './jars.ts'

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** As they travel between the two processes; bytes are base64. */
interface JsonRecord {
  readonly offset?: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

export interface ReadRecord extends SampleRecord {
  readonly offset: number
}

export type TextRecord = readonly [key: string | null, value: string | null]

export async function missingForJavaClients(): Promise<string | undefined> {
  if (!(await hasCommand('javac'))) return "Kafka's own clients need javac (a JDK, 17 or later)"
  return missingForKafka()
}

/** Kafka's Java clients in one process that answers questions one after another (`java/Strangers.java`). */
export class JavaClients {
  readonly #process: ChildProcess
  readonly #answers: AsyncIterator<string>
  #last: Promise<unknown> = Promise.resolve()

  private constructor(process: ChildProcess) {
    this.#process = process
    this.#answers = createInterface({ input: process.stdout! })[Symbol.asyncIterator]()
  }

  /** `bootstrapServers` may be empty for those who only encode and decode. */
  static async start(
    bootstrapServers: readonly string[],
    log: (line: string) => void = () => undefined,
  ): Promise<JavaClients> {
    const libsDir = await kafkaJars(log)
    const classes = await compiled(libsDir, log)
    const argv = [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...javaOptions(libsDir, { level: 'ERROR', classes }),
      ...['Strangers', bootstrapServers.join(',')],
    ]
    return new JavaClients(spawn('java', argv, { stdio: ['pipe', 'pipe', 'inherit'] }))
  }

  /** One batch as Java writes it, base offset 0. */
  async encode(codec: Codec, records: readonly SampleRecord[]): Promise<Buffer> {
    return Buffer.from(
      (await this.#ask({ do: 'encode', codec, records: records.map(toJson) })) as string,
      'base64',
    )
  }

  /** What a consumer makes of each of these byte strings: records, or the name of an exception. */
  async decode(batches: readonly Buffer[]): Promise<readonly (readonly ReadRecord[] | string)[]> {
    const answers = await this.#ask({
      do: 'decode',
      batches: batches.map((batch) => batch.toString('base64')),
    })
    return (answers as (readonly JsonRecord[] | string)[]).map((answer) =>
      typeof answer === 'string' ? answer : answer.map(fromJson),
    )
  }

  async produce(codec: Codec, topic: string, records: readonly SampleRecord[]): Promise<void> {
    await this.#ask({ do: 'send', codec, topic, records: records.map(toJson) })
  }

  /** A step of the transactional producer of that id. */
  async transaction(id: string, step: 'begin' | 'commit' | 'abort'): Promise<void> {
    await this.#ask({ do: step, id })
  }

  async sendIn(id: string, topic: string, records: readonly SampleRecord[]): Promise<void> {
    await this.#ask({ do: 'send', id, topic, records: records.map(toJson) })
  }

  /** A partition of the topic from an offset to its end, with checked CRCs. */
  async consume(
    topic: string,
    { partition = 0, isolation = 'read_committed', from = 0 } = {},
  ): Promise<readonly ReadRecord[]> {
    const records = await this.#ask({ do: 'consume', topic, partition, isolation, from })
    return (records as readonly JsonRecord[]).map(fromJson)
  }

  /** What is committed of a partition, from its beginning to its end. */
  async texts(topic: string, partition: number): Promise<readonly TextRecord[]> {
    const which = { topic, partition, isolation: 'read_committed', from: 0 }
    return (await this.#ask({ do: 'texts', ...which })) as readonly TextRecord[]
  }

  stop(): void {
    this.#process.kill('SIGKILL')
  }

  #ask(request: object): Promise<unknown> {
    this.#last = this.#last
      .catch(() => undefined)
      .then(async () => {
        this.#process.stdin?.write(`${JSON.stringify(request)}\n`)
        const next = await this.#answers.next()
        if (next.done === true) throw new Error('the Java clients ended')
        const { answer, error } = JSON.parse(next.value) as { answer?: unknown; error?: string }
        if (error !== undefined) throw new Error(error)
        return answer
      })
    return this.#last
  }
}

const source = join(import.meta.dirname, 'java', 'Strangers.java')

/** The folder of the compiled class, kept until the source changes. */
async function compiled(libsDir: string, log: (line: string) => void): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12)
  const dir = join(cacheDir, 'kafka', `java-clients-${digest}`)
  if (existsSync(dir)) return dir
  return withLock('java-clients', async () => {
    if (existsSync(dir)) return dir
    log("compiling the programs that use Kafka's Java clients")
    const partial = `${dir}.partial`
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial, { recursive: true })
    await command(['javac', '-cp', `${libsDir}/*`, '-d', partial, source])
    renameSync(partial, dir)
    return dir
  })
}

const base64 = (bytes: Buffer | null): string | null => bytes?.toString('base64') ?? null
const bytes = (text: string | null): Buffer | null =>
  text === null ? null : Buffer.from(text, 'base64')

const toJson = ({ timestamp, key, value, headers }: SampleRecord): JsonRecord => ({
  timestamp,
  key: base64(key),
  value: base64(value),
  headers: headers.map(([name, content]) => [name, base64(content)]),
})

const fromJson = ({ offset = 0, timestamp, key, value, headers }: JsonRecord): ReadRecord => ({
  offset,
  timestamp,
  key: bytes(key),
  value: bytes(value),
  headers: headers.map(([name, content]) => [name, bytes(content)]),
})
