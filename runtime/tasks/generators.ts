import type { TopicPartition } from '../broker/broker.ts'
import { Generator } from './generator.ts'
import type { OutputCollector } from './output-collector.ts'
import type { WorkerOptions } from './worker-options.ts'

/** Those of inputs whose first partition is here: one in the whole group for each. */
export class Generators {
  readonly #options: Pick<WorkerOptions, 'config' | 'clock' | 'random'>
  #all: readonly Generator[] = []

  constructor(options: Pick<WorkerOptions, 'config' | 'clock' | 'random'>) {
    this.#options = options
  }

  get areAny(): boolean {
    return this.#all.length > 0
  }

  follow(owned: readonly TopicPartition[]): void {
    const { config, clock, random } = this.#options
    const isOurs = (name: string) =>
      owned.some(({ topic, partition }) => topic === name && partition === 0)
    this.#all = config.inputs
      .filter(({ generator, topic }) => generator !== undefined && isOurs(topic))
      .map((input) => new Generator(input, clock, random))
  }

  stage(collector: OutputCollector): void {
    for (const generator of this.#all) {
      for (const record of generator.due()) collector.stage(record)
    }
    collector.accept()
  }
}
