/** The fraud example's input and, computed plainly, the output that the job must give. */
export interface Payment {
  id: number
  card: string
  amount: number
}

export interface Alert {
  card: string
  payments: number
  total: number
}

const CARDS = 1000

/** The n-th payment: a fixed sequence, so that producer and expectation need not talk. */
export function payment(id: number): Payment {
  const scrambled = Math.imul(id ^ 0x5bd1e995, 0x9e3779b1) >>> 0
  return { id, card: `card-${scrambled % CARDS}`, amount: (scrambled >>> 8) % 2000 }
}

export function paymentsFrom(first: number, count: number): Payment[] {
  return Array.from({ length: count }, (_, index) => payment(first + index))
}

/** filter amount > 500 → count and sum by card → from the third payment on, one alert for each further payment. */
export function expectedAlerts(payments: readonly Payment[]): Map<string, Alert[]> {
  const states = new Map<string, Alert>()
  const alerts = new Map<string, Alert[]>()
  for (const { card, amount } of payments) {
    if (amount <= 500) continue
    const before = states.get(card) ?? { card, payments: 0, total: 0 }
    const after = { card, payments: before.payments + 1, total: before.total + amount }
    states.set(card, after)
    if (after.payments < 3) continue
    const list = alerts.get(card) ?? []
    list.push(after)
    alerts.set(card, list)
  }
  return alerts
}
