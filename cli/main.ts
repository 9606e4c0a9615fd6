#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { packageRoot } from '../runtime/platform/own-files.ts'
import { FriendlyError } from './friendly-error.ts'

const OK = 0
const FAILED = 1
const USAGE = 2

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  version: string
}

const program = new Command('millrace')
  .description('Stream-processing jobs on Kafka, in a cluster or on your laptop.')
  .version(version, '-V, --version')
  .showSuggestionAfterError()
  .exitOverride()

program
  .command('dev')
  .description('run the manifests of a file or folder in this process')
  .argument('<path>', 'a YAML file, or a folder with YAML files')
  .option('--bootstrap <host:port>', 'use this Kafka instead of the embedded broker')
  .option('--port <port>', 'port of the page', parsePort, 4380)
  .option('--no-page', 'serve no page')
  .addHelpText(
    'after',
    '\nExamples:\n  millrace dev examples/fraud-detection\n  millrace dev job.yaml --bootstrap localhost:9092',
  )
  .action(async (path: string, options: { bootstrap?: string; port: number; page: boolean }) => {
    const { dev } = await import('./dev.ts')
    await dev({ path, ...options })
  })

program
  .command('describe')
  .description(
    'print the topologies of the jobs of a file or folder, and what a change means for their state',
  )
  .argument('<path>', 'a YAML file, or a folder with YAML files')
  .option('--json', 'print JSON, for programs')
  .option('--before <path>', 'what ran before: print what changes for what the jobs keep')
  .addHelpText(
    'after',
    '\nExamples:\n  millrace describe job.yaml\n  millrace describe job.yaml --before deployed.yaml',
  )
  .action(async (path: string, options: { json?: boolean; before?: string }) => {
    const { describe } = await import('./describe.ts')
    console.log(await describe({ path, ...options }))
  })

program
  .command('test')
  .description('run the tests of jobs, on no Kafka and in virtual time')
  .argument('[paths...]', 'files *.test.yaml, or folders with such files at any depth', ['.'])
  .option('--filter <text>', 'only tests with this in their name')
  .option('--json', 'print the results as JSON')
  .addHelpText(
    'after',
    '\nExamples:\n  millrace test\n  millrace test examples/fraud-detection --filter third',
  )
  .action(async (paths: string[], options: { filter?: string; json?: true }) => {
    const { test } = await import('./test.ts')
    if (!(await test({ paths, ...options }))) process.exitCode = FAILED
  })

program
  .command('run')
  .description('run one instance of a job, as a pod does')
  .requiredOption('--config <file>', 'the configuration that the operator rendered')
  .option('--http-port <port>', 'port of probes and metrics', parsePort, 8080)
  .action(async ({ config, httpPort }: { config: string; httpPort: number }) => {
    const { runInstance } = await import('../runtime/main.ts')
    await runInstance({ configPath: config, httpPort, env: process.env })
  })

program
  .command('operator')
  .description('run the operator, as its Deployment does')
  .action(async () => {
    const { runOperator } = await import('../operator/main.ts')
    await runOperator(process.env)
  })

program
  .command('version')
  .description('print the version')
  .action(() => console.log(version))

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('write a number from 0 to 65535')
}

/** What is piped into `head` ends when head does; that is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(OK)
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = explain(error)
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? OK : USAGE
  if (error instanceof FriendlyError) console.error(error.message)
  else console.error(error)
  return FAILED
}
