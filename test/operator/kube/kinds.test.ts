import { expect } from 'chai'
import { kinds, resourcePath } from '../../../operator/kube/kinds.ts'

describe('operator/kube/kinds.ts', () => {
  const rows: readonly (readonly [what: string, path: string, expected: string])[] = [
    [
      'an object of a group',
      resourcePath(kinds.statefulSet, 'n', 'x'),
      '/apis/apps/v1/namespaces/n/statefulsets/x',
    ],
    ['all of a kind', resourcePath(kinds.pod), '/api/v1/pods'],
    [
      'a name that would lead to another namespace',
      resourcePath(kinds.configMap, 'n', '../../kube-system/configmaps/x'),
      '/api/v1/namespaces/n/configmaps/..%2F..%2Fkube-system%2Fconfigmaps%2Fx',
    ],
    [
      'a name that would become a query',
      resourcePath(kinds.configMap, 'n', 'x?watch=true'),
      '/api/v1/namespaces/n/configmaps/x%3Fwatch%3Dtrue',
    ],
  ]
  for (const [what, path, expected] of rows) {
    it(`knows the URL of ${what}`, () => {
      expect(new URL(path, 'https://api').href).to.equal(`https://api${expected}`)
    })
  }
})
