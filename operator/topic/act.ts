import {
  type KafkaAdmin,
  KafkaRefused,
  TopicExists,
  type Unreachable,
  unreachable,
} from '../kafka/kafka-admin.ts'
import type { TopicStep } from './plan.ts'

/** How the steps went; the first that fails ends them. */
export type TopicOutcome =
  | { readonly done: true }
  | { readonly done: false; readonly because: 'unreachable'; readonly trouble: Unreachable }
  | {
      readonly done: false
      readonly because: 'refused' | 'exists'
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
  open: () => Promise<KafkaAdmin>,
): Promise<TopicOutcome> {
  if (steps.length === 0) return { done: true }
  try {
    const admin = await open()
    for (const step of steps) await performOne(step, admin)
    return { done: true }
  } catch (error) {
    const { message } = error as Error
    if (error instanceof KafkaRefused) return { done: false, because: 'refused', message }
    if (error instanceof TopicExists) return { done: false, because: 'exists', message }
    return { done: false, because: 'unreachable', trouble: unreachable(error) }
  }
}

const performOne = <D extends TopicStep['do']>(
  step: Extract<TopicStep, { do: D }>,
  admin: KafkaAdmin,
): Promise<void> => perform[step.do](step, admin)
