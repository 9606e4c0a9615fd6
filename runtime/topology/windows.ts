import type { WindowConfig } from '../config.ts'
import { durationMs } from './duration.ts'
import type {
  EmitStrategy,
  SessionAggregateNode,
  SlidingAggregateNode,
  WindowAggregateNode,
} from './window-nodes.ts'

/** What the windows of an aggregate say of its node; `text` is for `describe()`. */
export type Windows = {
  readonly graceMs: number
  readonly emit: EmitStrategy
  readonly text: string
} & (
  | Pick<WindowAggregateNode, 'kind' | 'sizeMs' | 'advanceMs'>
  | Pick<SlidingAggregateNode, 'kind' | 'sizeMs'>
  | Pick<SessionAggregateNode, 'kind' | 'gapMs'>
)

/** Throws what is wrong with them. */
export function windowsOf(config: WindowConfig): Windows {
  const { grace, emit = 'OnUpdate' } = config
  const graceMs = grace === undefined ? 0 : durationMs(grace)
  const text = Object.entries(config)
    .filter(([name]) => name !== 'emit')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
  return { ...shapeOf(config), graceMs, emit, text }
}

function shapeOf({ tumbling, hopping, every, sliding, session }: WindowConfig) {
  const given = [tumbling, hopping, sliding, session].filter((size) => size !== undefined)
  if (given.length !== 1) throw new TypeError('write one of tumbling, hopping, sliding and session')
  if ((every === undefined) !== (hopping === undefined))
    throw new TypeError('hopping and every go together: write both or neither')
  if (sliding !== undefined)
    return { kind: 'sliding-aggregate', sizeMs: durationMs(sliding) } as const
  if (session !== undefined)
    return { kind: 'session-aggregate', gapMs: durationMs(session) } as const
  const sizeMs = durationMs(tumbling ?? hopping ?? '')
  const advanceMs = every === undefined ? sizeMs : durationMs(every)
  if (advanceMs > sizeMs)
    throw new TypeError(`every ${every} leaves gaps between windows of ${hopping}: write less`)
  return { kind: 'window-aggregate', sizeMs, advanceMs } as const
}
