import { exactlyOnce } from './exactly-once.ts'

describe('a stateful job under ExactlyOnce on three brokers', () => exactlyOnce({ kills: 8 }))
