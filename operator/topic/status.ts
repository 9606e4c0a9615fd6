import type { TopicStatus } from '../../crds/index.ts'
import { reachability, type Verdict, withConditions } from '../engine/conditions.ts'
import type { TopicOutcome } from './act.ts'
import { kafkaName, type TopicObserved } from './observe.ts'
import type { TopicPlan } from './plan.ts'

export function topicStatus(
  { topic, kafka }: TopicObserved,
  plan: TopicPlan,
  outcome: TopicOutcome,
  now: number,
): TopicStatus {
  const generation = topic.metadata.generation ?? 0
  const existing = kafka.reachable ? kafka.existing : undefined
  const { origin } = plan
  const settled = outcome.done || outcome.because !== 'exists'
  return {
    observedGeneration: generation,
    topicName: kafkaName(topic),
    ...(existing === undefined
      ? {}
      : { partitions: existing.partitions, replicationFactor: existing.replicationFactor }),
    ...(origin === undefined || !settled ? {} : { origin }),
    conditions: withConditions(topic.status?.conditions, verdicts({ kafka, plan, outcome }), {
      now,
      generation,
    }),
  }
}

interface Facts {
  readonly kafka: TopicObserved['kafka']
  readonly plan: TopicPlan
  readonly outcome: TopicOutcome
}

function verdicts(facts: Facts): Verdict[] {
  const accepted = acceptance(facts)
  const reachable = reachability(facts.kafka.reachable ? troubleOf(facts.outcome) : facts.kafka)
  const synced = synchrony(facts)
  const moving = accepted.status === 'True' && synced.status !== 'True'
  return [
    readiness(accepted, reachable, synced),
    accepted,
    reachable,
    synced,
    {
      type: 'Reconciling',
      status: moving ? 'True' : 'False',
      reason: 'Progressing',
      message: moving ? synced.message : '',
    },
    {
      type: 'Stalled',
      status: accepted.status === 'False' ? 'True' : 'False',
      reason: 'NeedsAttention',
      message: accepted.message,
    },
  ]
}

function acceptance({ plan, outcome }: Facts): Extract<Verdict, { type: 'Accepted' }> {
  if (plan.objection !== undefined) return plan.objection
  if (!outcome.done && outcome.because === 'refused') {
    return { type: 'Accepted', status: 'False', reason: 'RefusedByKafka', message: outcome.message }
  }
  return {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'the spec may be acted on',
  }
}

const troubleOf = (outcome: TopicOutcome) =>
  !outcome.done && outcome.because === 'unreachable' ? outcome.trouble : undefined

/** In sync means that Kafka itself said so: a step that was just taken is confirmed by the next look. */
function synchrony({ kafka, plan, outcome }: Facts): Extract<Verdict, { type: 'Synced' }> {
  const inSync =
    kafka.reachable && kafka.existing !== undefined && plan.steps.length === 0 && outcome.done
  if (inSync && plan.objection === undefined) {
    return {
      type: 'Synced',
      status: 'True',
      reason: 'InSync',
      message: 'the topic is as the spec says',
    }
  }
  const doing = plan.steps.map((step) => step.do).join(', ')
  const message =
    plan.objection?.message ??
    (doing === '' ? 'waiting for Kafka' : `waiting for Kafka to confirm: ${doing}`)
  return {
    type: 'Synced',
    status: plan.objection === undefined ? 'Unknown' : 'False',
    reason: 'NotYet',
    message,
  }
}

function readiness(
  accepted: Extract<Verdict, { type: 'Accepted' }>,
  reachable: Extract<Verdict, { type: 'KafkaReachable' }>,
  synced: Extract<Verdict, { type: 'Synced' }>,
): Extract<Verdict, { type: 'Ready' }> {
  const no = (reason: 'NotAccepted' | 'KafkaUnreachable' | 'NotSynced', message: string) =>
    ({ type: 'Ready', status: 'False', reason, message }) as const
  if (accepted.status !== 'True') return no('NotAccepted', accepted.message)
  if (reachable.status !== 'True') return no('KafkaUnreachable', reachable.message)
  if (synced.status !== 'True') return no('NotSynced', synced.message)
  return {
    type: 'Ready',
    status: 'True',
    reason: 'Ready',
    message: 'the topic is as the spec says',
  }
}
