import type { InputConfig } from '../config.ts'
import type { SourceNode, TopologyNode } from './nodes.ts'

/** What an input is to the job; the last node bears its name. */
export function inputNodes(
  source: SourceNode,
  as: InputConfig['as'] = 'Stream',
): readonly TopologyNode[] {
  const { name, topic, format, keyFormat } = source
  switch (as) {
    case 'Stream':
      return [source]
    case 'Table': {
      const parent = `${name}.source`
      return [
        { ...source, name: parent },
        { kind: 'to-table', name, parent, label: '' },
      ]
    }
    case 'GlobalTable':
      return [{ kind: 'global-table', name, topic, format, keyFormat }]
  }
}
