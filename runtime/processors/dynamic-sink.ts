import { BadRecord } from '../errors.ts'
import { hint } from '../platform/did-you-mean.ts'
import type { DynamicSinkNode } from '../topology/nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/** Only topics that the job waited for at its start are sure to be there: any other makes the record a bad one. */
export function dynamicSinkProcessor(
  { name, topics, topicOf, ...formats }: DynamicSinkNode,
  sink: Wiring['sink'],
): Processor {
  const known: ReadonlySet<unknown> = new Set(topics)
  return {
    process(record) {
      const topic = topicOf(record)
      if (typeof topic === 'string' && known.has(topic)) return sink({ topic, ...formats }, record)
      const answer = JSON.stringify(topic) ?? 'undefined'
      const guess = typeof topic === 'string' ? hint(topic, topics) : ''
      const message = `the record is for the topic ${answer}, which is not one of ${topics.join(', ')}; list it there.${guess}`
      throw new BadRecord('UnknownTopic', name, message)
    },
  }
}
