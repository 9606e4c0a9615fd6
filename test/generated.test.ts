import { existsSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { generatedFiles } from '../crds/generated.ts'
import { kernels } from '../runtime/generate.ts'

describe('generated files', () => {
  for (const [path, content] of generatedFiles()) {
    it(`${path} is what npm run generate would write`, () => {
      expect(existsSync(path), 'run npm run generate').to.equal(true)
      expect(readFileSync(path, 'utf8')).to.equal(content)
    })
  }

  for (const { path, content } of kernels) {
    it(`${path} is what npm run generate would write`, async function () {
      this.timeout(60_000)
      expect(readFileSync(path, 'utf8')).to.equal(await content())
    })
  }
})
