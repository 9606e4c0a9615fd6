import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir } from '../support/cache.ts'
import { eventually } from '../support/eventually.ts'
import { startKafka } from './kafka.ts'

/** `kafka:up` leaves this program running in the background; `kafka:down` ends it by its process id. */
const state = join(cacheDir, 'kafka', 'running.json')

interface Running {
  readonly pid: number
  readonly bootstrapServers: readonly string[]
}

async function up(): Promise<void> {
  const known = readRunning()
  if (known !== undefined) return report(known)
  rmSync(state, { force: true })
  mkdirSync(join(cacheDir, 'kafka'), { recursive: true })
  const log = openSync(join(cacheDir, 'kafka', 'running.log'), 'w')
  const child = spawn(process.execPath, [import.meta.filename, 'serve'], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  child.unref()
  report(
    await eventually(
      () => {
        if (child.exitCode !== null) throw new Error('Kafka did not start')
        return readRunning() ?? Promise.reject(new Error('Kafka is not up yet'))
      },
      { timeoutMs: 180_000, everyMs: 200 },
    ),
  )
}

function report({ bootstrapServers }: Running): void {
  console.log(`Kafka serves at ${bootstrapServers.join(',')}`)
  console.log(
    `try: npx millrace dev examples/fraud-detection --bootstrap ${bootstrapServers.join(',')}`,
  )
}

async function serve(): Promise<void> {
  const kafka = await startKafka({ log: console.log })
  mkdirSync(join(cacheDir, 'kafka'), { recursive: true })
  writeFileSync(
    state,
    JSON.stringify({ pid: process.pid, bootstrapServers: kafka.bootstrapServers }),
  )
  const stop = () => void kafka.stop().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

function down(): void {
  const running = readRunning()
  if (running !== undefined) process.kill(running.pid, 'SIGTERM')
  rmSync(state, { force: true })
  console.log(running === undefined ? 'no Kafka of ours is running' : 'Kafka stopped')
}

function readRunning(): Running | undefined {
  if (!existsSync(state)) return undefined
  const running = JSON.parse(readFileSync(state, 'utf8')) as Running
  try {
    process.kill(running.pid, 0)
    return running
  } catch {
    return undefined
  }
}

const commands: Readonly<Record<string, () => void | Promise<void>>> = { up, down, serve }
const chosen = commands[process.argv[2] ?? '']
if (chosen === undefined) {
  console.error('write: main.ts up | down')
  process.exitCode = 2
} else {
  await chosen()
}
