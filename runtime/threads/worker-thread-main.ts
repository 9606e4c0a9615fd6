import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { KafkaBroker } from '../broker/kafka-broker.ts'
import { loadJob } from '../dsl/load-job.ts'
import { systemClock } from '../platform/clock.ts'
import { forwardingLogger } from '../platform/forwarding-logger.ts'
import type { ThreadReport, ThreadRequest, ThreadSettings } from './messages.ts'
import { startStreamThread } from './stream-thread.ts'

/** How old the numbers of a scrape may be. */
const REPORT_MS = 1000

/** A worker thread from start to end: one stream thread with sockets of its own. */
async function main(port: MessagePort, settings: ThreadSettings): Promise<void> {
  const { config, instanceId, thread } = settings
  const say = (report: ThreadReport) => port.postMessage(report)
  const log = forwardingLogger((line) => say({ kind: 'log', line }), { thread })
  const { metadataMaxAgeMs } = config
  const { bootstrapServers, ...security } = config.kafka
  const clientId = `${instanceId}-${thread}`
  const broker = new KafkaBroker({ bootstrapServers, clientId, security, log, metadataMaxAgeMs })
  const running = startStreamThread({
    config,
    broker,
    instanceId,
    thread,
    clock: systemClock,
    random: Math.random,
    log,
    loadTopology: ({ code }) => loadJob(code?.path ?? '', config),
    onState: () => setImmediate(report),
  })
  const report = () => say({ kind: 'status', status: running.status(), ready: running.ready() })
  const reporting = setInterval(report, REPORT_MS)
  port.on('message', (request: ThreadRequest) => {
    if (request === 'stop') void running.stop()
  })
  const error = await running.ended.then(
    () => undefined,
    ({ name, message, stack }: Error) => ({ name, message, stack }),
  )
  clearInterval(reporting)
  await broker.close()
  report()
  say({ kind: 'ended', ...(error === undefined ? {} : { error }) })
  // Ends this thread alone. A function that the job gave up on may still hold a timer or a socket open.
  process.exit()
}

if (parentPort !== null) await main(parentPort, workerData as ThreadSettings)
