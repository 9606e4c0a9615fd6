import { expect } from 'chai'
import { layersFor } from './measure-layers.ts'

describe('test/bench/layers', () => {
  for (const layer of layersFor(100)) {
    it(`${layer.name} works off its records`, () => {
      expect(layer.records).to.be.greaterThan(0)
      expect(layer.run()).to.be.greaterThan(0)
    })
  }
})
