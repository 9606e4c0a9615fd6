import type { SplitNode } from '../topology/nodes.ts'
import type { Forward, Processor } from './processor.ts'

export function splitProcessor(
  { branches }: SplitNode,
  forwardTo: (child: string) => Forward,
): Processor {
  const ways = branches.map(({ node, predicate }) => ({ predicate, forward: forwardTo(node) }))
  return {
    process(record) {
      for (const { predicate, forward } of ways) {
        if (predicate === undefined || predicate(record)) return forward(record)
      }
    },
  }
}
