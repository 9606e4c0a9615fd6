import type { Clock } from '../../runtime/platform/clock.ts'
import { type ControllerSpec, type Key, keyOf, type Next } from '../engine/controller-spec.ts'
import { writeStatus } from '../engine/write-status.ts'
import type { Events } from '../kube/events.ts'
import { kinds } from '../kube/kinds.ts'
import { actOnTopic, type TopicOutcome } from './act.ts'
import { kafkaName, type ObserveDeps, observeTopic, type TopicObserved } from './observe.ts'
import { planTopic, TOPIC_FINALIZER, type TopicPlan } from './plan.ts'
import { topicStatus } from './status.ts'

export interface TopicDeps extends ObserveDeps {
  readonly events: Events
  readonly clock: Clock
}

/** Kafka tells nobody of a change: looking again is the only way to see drift. */
const LOOK_AGAIN_MS = 2 * 60_000
const RETRY_MS = 5000
const CONFIRM_MS = 250

export const topicController = (deps: TopicDeps): ControllerSpec => ({
  name: 'Topic',
  watches: [{ kind: kinds.topic, keysOf: (object) => [keyOf(object)] }],
  reconcile: (key) => reconcileTopic(key, deps),
})

async function reconcileTopic(key: Key, deps: TopicDeps): Promise<Next> {
  const observed = await observeTopic(key, deps)
  if (observed === undefined) return {}
  const plan = planTopic(observed, deps.clock.now())
  if (observed.topic.metadata.deletionTimestamp !== undefined) return finish(observed, plan, deps)
  // First who may delete it and that we create it, then the topic: a crash in between leaves a promise, not a stray.
  const ref = { ...kinds.topic, ...key }
  await deps.kube.setFinalizer(ref, TOPIC_FINALIZER, plan.finalizer)
  if (plan.steps.length > 0) await write(observed, plan, { done: true }, deps)
  const outcome = await actOnTopic(plan.steps, () => deps.kafka(observed.topic))
  await write(observed, plan, outcome, deps)
  if (outcome.done && plan.steps.some((step) => step.do === 'create')) {
    deps.events.record(
      observed.topic,
      'Normal',
      'TopicCreated',
      `created topic ${kafkaName(observed.topic)}`,
    )
  }
  return next(plan, outcome, observed)
}

async function write(
  observed: TopicObserved,
  plan: TopicPlan,
  outcome: TopicOutcome,
  deps: TopicDeps,
): Promise<void> {
  const status = topicStatus(observed, plan, outcome, deps.clock.now())
  const written = await writeStatus(deps.kube, observed.topic, status)
  if (written) observed.topic.status = status
  if (plan.objection !== undefined) {
    deps.events.record(observed.topic, 'Warning', plan.objection.reason, plan.objection.message)
  }
}

function next(plan: TopicPlan, outcome: TopicOutcome, { kafka }: TopicObserved): Next {
  if (!kafka.reachable || !outcome.done) return { againMs: RETRY_MS }
  if (plan.objection !== undefined) return { againMs: LOOK_AGAIN_MS / 4 }
  return { againMs: plan.steps.length > 0 ? CONFIRM_MS : LOOK_AGAIN_MS }
}

async function finish(observed: TopicObserved, plan: TopicPlan, deps: TopicDeps): Promise<Next> {
  const { topic, kafka } = observed
  const { name, namespace = '' } = topic.metadata
  const ref = { ...kinds.topic, namespace, name }
  const outcome = await actOnTopic(plan.steps, () => deps.kafka(topic))
  if (!outcome.done || plan.finalizer) return { againMs: RETRY_MS }
  if (plan.orphan === true) {
    const why = kafka.reachable ? '' : `: ${kafka.message}`
    const note = `Kafka did not answer within ${topic.spec.deletionTimeout}: topic ${kafkaName(topic)} stays; delete it by hand${why}`
    deps.events.record(topic, 'Warning', 'TopicOrphaned', note)
  }
  await deps.kube.setFinalizer(ref, TOPIC_FINALIZER, false)
  return {}
}
