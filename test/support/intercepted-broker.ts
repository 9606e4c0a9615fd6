import type { Broker } from '../../runtime/broker/broker.ts'

/** Gets each call of a broker and its clients, such as `member.commit`, and returns what the caller is to get. */
export type Intercept = (call: string, run: () => unknown) => unknown

/** The broker behind somebody who hears every call and may hold it, drop it or do something first. */
export function interceptedBroker(broker: Broker, intercept: Intercept): Broker {
  const watched = <T extends object>(client: string, target: T): T =>
    new Proxy(target, {
      get(of, name) {
        const value: unknown = Reflect.get(of, name, of)
        if (typeof value !== 'function') return value
        return (...args: readonly unknown[]) =>
          intercept(`${client}.${String(name)}`, () => Reflect.apply(value, of, args) as unknown)
      },
      set: (of, name, value) => Reflect.set(of, name, value, of),
    })
  return {
    denial: undefined,
    admin: watched('admin', broker.admin),
    producer: () => watched('producer', broker.producer()),
    transactionalProducer: (options) => watched('producer', broker.transactionalProducer(options)),
    fetcher: (options) => watched('fetcher', broker.fetcher(options)),
    groupMember: (options) => watched('member', broker.groupMember(options)),
    close: () => broker.close(),
  }
}
