import { hint } from '../platform/did-you-mean.ts'
import { isAsyncFunction } from '../topology/async-function.ts'
import { durationMs } from '../topology/duration.ts'
import type {
  ProcessNode,
  ProcessorContext,
  PunctuationTime,
  RecordProcessor,
} from '../topology/process-node.ts'
import { outgoing } from './outgoing.ts'
import type { Forward, Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'
import { Turn } from './turn.ts'
import { userStore } from './user-stores.ts'

type Around = Pick<Wiring, 'forward' | 'forwardTo' | 'store' | 'host'>

/** Runs a user's processor, of which each task has one of its own. */
export function processProcessor(node: ProcessNode, around: Around): Processor {
  const turn = new Turn(node.name)
  const context = contextOf(node, turn, around)
  let processor: RecordProcessor | undefined
  around.host.attach(node.name, {
    begin: () => (processor = created(node, context)),
    close: () => processor?.close?.(),
  })
  return { process: (record) => turn.take(record, () => processor?.process(record)) }
}

/** Nobody has checked the types of a job before it runs. */
function created({ create }: ProcessNode, context: ProcessorContext): RecordProcessor {
  const processor = create(context) as Partial<RecordProcessor> | undefined
  if (typeof processor?.process !== 'function')
    throw new TypeError('create returns an object with the function process')
  if (isAsyncFunction(processor.process))
    throw new TypeError('process is async, where a step answers at once: let mapValuesAsync wait')
  return processor as RecordProcessor
}

const contextOf = (node: ProcessNode, turn: Turn, around: Around): ProcessorContext => ({
  stores: Object.fromEntries(
    Object.entries(node.stores).map(([part, settings]) => {
      const name = `${node.name}.${part}`
      const store = around.store(settings.kind, name)
      return [part, userStore({ name, settings, store, turn })]
    }),
  ),
  forward: forwardOf(node, turn, around),
  schedule: scheduleOf(node, turn, around),
  now: around.host.now,
  streamTime: around.host.streamTime,
  taskId: around.host.taskId,
  partition: around.host.partition,
})

function forwardOf(
  { name, outputs }: ProcessNode,
  turn: Turn,
  { forward, forwardTo }: Around,
): ProcessorContext['forward'] {
  const ways = outputs?.map((output) => [output, forwardTo(`${name}.${output}`)] as const)
  const way = ways === undefined ? () => forward : wayOf(name, new Map(ways))
  return (record, to) => {
    const inHand = turn.recordFor('forward')
    way(to)(outgoing(inHand, record))
  }
}

const wayOf =
  (node: string, ways: ReadonlyMap<string, Forward>) =>
  (to: string | undefined): Forward => {
    const way = ways.get(to ?? '')
    if (way !== undefined) return way
    const names = [...ways.keys()]
    const asked = to === undefined ? 'forwards to none of its outputs' : `has no output "${to}"`
    throw new TypeError(
      `step "${node}" ${asked}: there are ${names.join(', ')}.${hint(to ?? '', names)}`,
    )
  }

const times: readonly PunctuationTime[] = ['stream-time', 'wall-clock']

const scheduleOf =
  ({ name: node }: ProcessNode, turn: Turn, { host }: Around): ProcessorContext['schedule'] =>
  (interval, time, punctuator) => {
    if (!times.includes(time))
      throw new TypeError(`schedule goes by ${times.join(' or ')}, not by ${String(time)}`)
    if (isAsyncFunction(punctuator))
      throw new TypeError('the punctuator is async, where it is done when it returns')
    return host.schedule({
      node,
      time,
      intervalMs: intervalMs(interval),
      run: (record) => turn.take(record, () => punctuator(record.timestamp)),
    })
  }

function intervalMs(interval: number | string): number {
  const ms = typeof interval === 'string' ? durationMs(interval) : interval
  if (Number.isSafeInteger(ms) && ms > 0) return ms
  throw new TypeError(`an interval is a whole number of milliseconds from 1, not ${String(ms)}`)
}
