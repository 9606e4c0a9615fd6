import { expect } from 'chai'
import { inSlices } from '../../../runtime/tasks/in-slices.ts'

describe('runtime/tasks/in-slices', () => {
  const order = async (takesMs: number) => {
    let now = 0
    const seen: string[] = []
    await inSlices(['a', 'b', 'c'], {
      clock: { monotonic: () => now },
      work(task) {
        now += takesMs
        seen.push(task)
      },
      pause: async () => void seen.push('pause'),
    })
    return seen.join(' ')
  }

  it('pauses after work that takes long', async () => {
    expect(await order(1)).to.equal('a pause b pause c pause')
    expect(await order(0.3)).to.equal('a b pause c')
  })

  it('does at once what takes no time', async () => {
    expect(await order(0)).to.equal('a b c')
  })
})
