import { expect } from 'chai'
import { topicsOf } from '../../../operator/streamjob/observe.ts'
import { jobWith } from './observed.ts'

describe('operator/streamjob/observe.ts', () => {
  it('waits for every topic that an output may choose', () => {
    const outputs = [{ from: 'large', topicFrom: 'key', topics: ['a', 'b'] }]
    expect(topicsOf(jobWith({ outputs }))).to.deep.equal([
      { name: 'in', role: 'Input' },
      { name: 'a', role: 'Output' },
      { name: 'b', role: 'Output' },
    ])
  })
})
