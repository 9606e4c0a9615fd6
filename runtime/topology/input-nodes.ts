import type { InputConfig } from '../config.ts'
import type { SourceNode, TopologyNode } from './nodes.ts'

export interface InputRole {
  readonly as?: InputConfig['as'] | undefined
  /** Of a table, as `ToTableNode` has it. */
  readonly historyMs?: number | undefined
}

/** What an input is to the job; the last node bears its name. */
export function inputNodes(
  source: SourceNode,
  { as = 'Stream', historyMs }: InputRole,
): readonly TopologyNode[] {
  const { name, topic, format, keyFormat } = source
  switch (as) {
    case 'Stream':
      return [source]
    case 'Table': {
      const parent = `${name}.source`
      const history = historyMs === undefined ? {} : { historyMs }
      return [
        { ...source, name: parent },
        { kind: 'to-table', name, parent, label: '', ...history },
      ]
    }
    case 'GlobalTable':
      return [{ kind: 'global-table', name, topic, format, keyFormat }]
  }
}
