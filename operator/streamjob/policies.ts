import type { Topic } from '../../crds/index.ts'
import { runtimeConfigSchema } from '../../runtime/config.ts'
import { lint } from '../../runtime/lint.ts'
import { hint } from '../../runtime/platform/did-you-mean.ts'
import { reachability, type Verdict } from '../engine/conditions.ts'
import { runtimeConfig } from './desired/runtime-config.ts'
import { type StreamJobObserved, topicsOf } from './observe.ts'
import { lossesOf, textOf } from './state-change.ts'

type Blocking = Extract<Verdict, { type: 'Accepted' | 'KafkaReachable' | 'TopicsReady' }>
type Policy = (observed: StreamJobObserved) => Blocking | undefined

const MAX_PROBLEMS_SHOWN = 3

/** What must hold before pods may start, in the order in which a user would want to hear of it. */
export const policies: readonly Policy[] = [
  /** Expressions and steps make sense. */
  ({ job }) => {
    const problems = lint(runtimeConfigSchema.parse(runtimeConfig(job)))
    if (problems.length === 0) return undefined
    const shown = problems
      .slice(0, MAX_PROBLEMS_SHOWN)
      .map(({ path, message }) => `spec.${path}: ${message}`)
    const more =
      problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : []
    return refuse('InvalidJob', [...shown, ...more].join('\n'))
  },

  /** The code is there. */
  ({ code }) => ('missing' in code ? refuse('ConfigMapNotFound', code.missing) : undefined),

  /** Nobody else has this group: two jobs in one group would eat each other's records. */
  ({ rival }) =>
    rival === undefined
      ? undefined
      : refuse(
          'ApplicationIdConflict',
          `the StreamJob ${rival} is older and uses this applicationId: write another spec.applicationId`,
        ),

  /** Nobody else's object is in the way: applying over it would take it from them. */
  ({ foreign, job }) =>
    foreign === undefined
      ? undefined
      : refuse(
          'NameTaken',
          `there is a ${foreign} that does not belong to this job: delete it, or give the job another name than "${job.metadata.name}"`,
        ),

  /** What the job keeps is found again, unless the user gives it up. */
  (observed) => {
    const lost = lossesOf(observed)
    if (lost.length === 0) return undefined
    const names = [...new Set(lost.map(({ subject }) => subject))].join(', ')
    return refuse(
      'StateLoss',
      `${textOf(lost)}\nThe job goes on as it was. To give that state up, write spec.upgrade.allowStateLossOf: [${names}]`,
    )
  },

  ({ kafka }) => (kafka.reachable ? undefined : reachability(kafka)),

  /** The topics exist. */
  ({ job, kafka, topicObjects }) => {
    const topics = kafka.reachable ? kafka.topics : new Set<string>()
    const missing = topicsOf(job).filter(({ name }) => !topics.has(name) && !topicObjects.has(name))
    const [first] = missing
    if (first === undefined || !kafka.reachable) return undefined
    const names = missing
      .map(({ role, name }) => `${role.toLowerCase()} topic "${name}"`)
      .join(', ')
    const message = `there is no ${names}: create it, or a Topic object for it.${hint(first.name, [...kafka.others, ...topicObjects.keys()])}`
    return { type: 'TopicsReady', status: 'False', reason: 'TopicNotFound', message }
  },

  /** Their Topic objects, where there are any, are ready. */
  ({ job, topicObjects }) => {
    const waiting = topicsOf(job).flatMap(({ name }) => {
      const object = topicObjects.get(name)
      return object === undefined || isReady(object) ? [] : [object]
    })
    const [first] = waiting
    if (first === undefined) return undefined
    const why = conditionOf(first)?.message ?? 'it has not been looked at yet'
    const message = `waiting for Topic ${waiting.map(({ metadata }) => metadata.name).join(', ')}: ${why}`
    return { type: 'TopicsReady', status: 'False', reason: 'TopicNotReady', message }
  },
]

export const firstObjection = (observed: StreamJobObserved): Blocking | undefined =>
  policies.map((policy) => policy(observed)).find((verdict) => verdict !== undefined)

const refuse = (
  reason: Extract<Blocking, { type: 'Accepted' }>['reason'],
  message: string,
): Blocking => ({
  type: 'Accepted',
  status: 'False',
  reason,
  message,
})

const conditionOf = ({ status }: Topic) => status?.conditions?.find(({ type }) => type === 'Ready')

export const isReady = (topic: Topic): boolean => {
  const ready = conditionOf(topic)
  return ready?.status === 'True' && ready.observedGeneration === topic.metadata.generation
}
