import { exactlyOnce } from '../integration/exactly-once.ts'

describe('a stateful job under ExactlyOnce on three brokers, for long', () =>
  exactlyOnce({ kills: 200 }))
