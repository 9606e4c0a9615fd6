import { expect } from 'chai'
import { inSlices } from '../../../runtime/tasks/in-slices.ts'

describe('runtime/tasks/in-slices', () => {
  const order = async (takesMs: number) => {
    let now = 0
    const seen: string[] = []
    const beside = setImmediate(() => seen.push('sockets'))
    await inSlices(['a', 'b', 'c'], { monotonic: () => now }, (task) => {
      now += takesMs
      seen.push(task)
    })
    clearImmediate(beside)
    return seen
  }

  it('lets sockets have their turn after work that takes long', async () => {
    expect(await order(1)).to.deep.equal(['a', 'sockets', 'b', 'c'])
    expect(await order(0.3)).to.deep.equal(['a', 'b', 'sockets', 'c'])
  })

  it('does at once what takes no time', async () => {
    expect(await order(0)).to.deep.equal(['a', 'b', 'c'])
  })
})
