import { expect } from 'chai'
import { createStore } from '../../../runtime/state/create-store.ts'
import type { StateStore, Stores } from '../../../runtime/state/store.ts'
import { changelogKeyOf, StoreView } from '../../../runtime/testing/store-view.ts'
import type { StoreSpec } from '../../../runtime/topology/store-spec.ts'

const named = { name: 's', format: 'Json', changelogTopic: 's-changelog' } as const
const windows: StoreSpec = { ...named, kind: 'window', retentionMs: 1000, retainDuplicates: false }
const sessions: StoreSpec = { ...named, kind: 'session', retentionMs: 1000 }
const key = Buffer.from('k')

const changelogKeys = (spec: StoreSpec, store: StateStore) =>
  Array.from(store.takeDirty(), (record) => changelogKeyOf(spec, record.key, 'String'))

describe('runtime/testing/store-view.ts', () => {
  it('shows windows with their start', () => {
    const store = createStore(windows) as Stores['window'] & StateStore
    store.put(key, 0, 'first', 5)
    store.put(key, 60, 'second', 65)
    const view = new StoreView(windows, 'String', [store])
    expect(view.entries()).to.deep.equal([
      { key: 'k', value: 'first', timestamp: 5, start: 0 },
      { key: 'k', value: 'second', timestamp: 65, start: 60 },
    ])
    expect(view.get('k', 60)).to.equal('second')
    expect(view.get('k', 30)).to.equal(undefined)
    expect(changelogKeys(windows, store)).to.deep.equal([
      { key: 'k', start: 0 },
      { key: 'k', start: 60 },
    ])
  })

  it('shows sessions with start and end', () => {
    const store = createStore(sessions) as Stores['session'] & StateStore
    store.put({ key, start: 10, end: 30 }, 'one', 30)
    const view = new StoreView(sessions, 'String', [store])
    expect(view.entries()).to.deep.equal([
      { key: 'k', value: 'one', timestamp: 30, start: 10, end: 30 },
    ])
    expect(view.get('k')).to.equal('one')
    expect(changelogKeys(sessions, store)).to.deep.equal([{ key: 'k', start: 10, end: 30 }])
  })
})
