import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Snapshot } from '../../dashboard/snapshot.ts'
import { eventually } from '../support/eventually.ts'

const outputs: Readonly<Record<string, string>> = {
  'fraud-detection': 'fraud-alerts',
  'iot-monitoring': 'heat-alerts',
}

const manifestSaying = (word: string): string => `
apiVersion: millrace.dev/v1alpha1
kind: Topic
metadata: { name: words }
spec: { kafka: { bootstrapServers: ['kafka:9092'] } }
---
apiVersion: millrace.dev/v1alpha1
kind: Topic
metadata: { name: said }
spec: { kafka: { bootstrapServers: ['kafka:9092'] } }
---
apiVersion: millrace.dev/v1alpha1
kind: StreamJob
metadata: { name: speaker }
spec:
  kafka: { bootstrapServers: ['kafka:9092'] }
  inputs: [{ name: words, topic: words, generator: { recordsPerSecond: 20, value: { n: n } } }]
  steps: [{ name: speak, from: words, map: { word: '"${word}"' } }]
  outputs: [{ from: speak, topic: said }]
`

describe('millrace dev', function () {
  this.timeout(60_000)
  let child: ChildProcess
  let printed: string

  const start = (...args: string[]) => {
    child = spawn(process.execPath, ['cli/main.ts', 'dev', ...args, '--port', '0'])
    printed = ''
    child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  }
  const ended = () =>
    new Promise<number | null>((resolve) => {
      if (child.exitCode !== null) resolve(child.exitCode)
      else child.once('exit', resolve)
    })

  afterEach(() => child.kill('SIGKILL'))

  for (const example of readdirSync('examples')) {
    it(`runs examples/${example} with results in the terminal and on the page, until Ctrl-C`, async () => {
      start(join('examples', example))
      const topic = outputs[example]
      await eventually(() => expect(printed).to.contain(`  ${topic}  `), { timeoutMs: 30_000 })
      const [, url = ''] = /page {2}(\S+)/.exec(printed) ?? []
      const page = await (await fetch(url)).text()
      expect(page).to.contain('<title>')
      const answer = await fetch(new URL('/api/v1/snapshot', url))
      const { jobs, topics, records } = (await answer.json()) as Snapshot
      expect(jobs).to.have.length(1)
      expect(topics).to.have.length(2)
      expect(records).not.to.have.length(0)
      child.kill('SIGINT')
      expect(await ended()).to.equal(0)
      expect(printed).to.contain('stopping…')
    })
  }

  it('applies a manifest that is saved, also by an editor that saves by renaming', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-dev-'))
    const file = join(folder, 'job.yaml')
    writeFileSync(file, manifestSaying('first'))
    start(file)
    for (const word of ['first', 'second', 'third']) {
      writeFileSync(`${file}~`, manifestSaying(word))
      renameSync(`${file}~`, file)
      await eventually(() => expect(printed).to.contain(`"${word}"`), { timeoutMs: 20_000 })
    }
    rmSync(folder, { recursive: true })
  })

  it('ends at once with what is wrong in a manifest', async () => {
    start('no-such-folder')
    expect(await ended()).to.equal(1)
    expect(printed).to.equal('no-such-folder: there is no such file or folder\n')
  })
})
