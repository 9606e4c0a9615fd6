import { stringify } from 'yaml'
import { customResourceDefinition, kinds } from './definition.ts'
import { conditionsPage, referencePage } from './reference.ts'

const HEADER = '# Generated from crds/*.ts by `npm run generate`. Do not edit.\n'

/** Every file made from the schemas: path from the repository's root → content. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map(
    kinds.flatMap((kind) => {
      const yaml =
        HEADER +
        stringify(customResourceDefinition(kind), { lineWidth: 0, aliasDuplicateObjects: false })
      return [
        [`crds/${kind.plural}.yaml`, yaml],
        [`docs/reference/${kind.kind.toLowerCase()}.md`, referencePage(kind)],
        ['docs/reference/conditions.md', conditionsPage()],
      ]
    }),
  )
}
