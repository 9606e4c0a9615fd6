import { after } from 'mocha'
import { type RunningKafka, startKafka } from './kafka.ts'

let running: Promise<RunningKafka> | undefined

/** One Kafka for all suites of this mocha process: starting takes seconds. Stopped when the last suite has run. */
export function sharedKafka(): Promise<RunningKafka> {
  running ??= startKafka({ log: (line) => console.log(`      ${line}`) })
  return running
}

after(async () => {
  await (await running?.catch(() => undefined))?.stop()
})
