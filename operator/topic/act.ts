import {
  type KafkaAdmin,
  KafkaRefused,
  KafkaUnavailable,
  TopicExists,
} from '../kafka/kafka-admin.ts'
import type { TopicStep } from './plan.ts'

/** How the steps went; the first that fails ends them. */
export type TopicOutcome =
  | { readonly done: true }
  | {
      readonly done: false
      readonly because: 'unreachable' | 'refused' | 'exists'
      readonly message: string
    }

const perform: {
  readonly [D in TopicStep['do']]: (
    step: Extract<TopicStep, { do: D }>,
    admin: KafkaAdmin,
  ) => Promise<void>
} = {
  create: ({ topic }, admin) => admin.createTopic(topic),
  grow: ({ name, partitions }, admin) => admin.growTopic(name, partitions),
  configure: ({ name, config }, admin) => admin.setTopicConfig(name, config),
  delete: ({ name }, admin) => admin.deleteTopic(name),
}

export async function actOnTopic(
  steps: readonly TopicStep[],
  admin: KafkaAdmin,
): Promise<TopicOutcome> {
  try {
    for (const step of steps) await performOne(step, admin)
    return { done: true }
  } catch (error) {
    const { message } = error as Error
    if (error instanceof KafkaUnavailable) return { done: false, because: 'unreachable', message }
    if (error instanceof KafkaRefused) return { done: false, because: 'refused', message }
    if (error instanceof TopicExists) return { done: false, because: 'exists', message }
    throw error
  }
}

const performOne = <D extends TopicStep['do']>(
  step: Extract<TopicStep, { do: D }>,
  admin: KafkaAdmin,
): Promise<void> => perform[step.do](step, admin)
