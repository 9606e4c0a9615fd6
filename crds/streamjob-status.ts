import { z } from 'zod'
import { conditionsSchema } from './conditions.ts'
import { MAX_APPLICATION_ID } from './fields.ts'

export const streamJobStatus = z
  .strictObject({
    observedGeneration: z
      .int()
      .optional()
      .describe('The generation of the spec that was last acted on.'),
    phase: z
      .enum(['Pending', 'Starting', 'Running', 'Suspended', 'Failed', 'Deleting'])
      .optional()
      .describe('The conditions in one word, for people.'),
    applicationId: z
      .string()
      .max(MAX_APPLICATION_ID)
      .optional()
      .describe('Consumer group and prefix of internal topics.'),
    replicas: z.int().optional().describe('Pods that exist.'),
    readyReplicas: z
      .int()
      .optional()
      .describe('Pods that have joined the group and restored their state.'),
    selector: z
      .string()
      .max(1024)
      .optional()
      .describe('Label selector of the pods, for `kubectl scale` and autoscalers.'),
    tasks: z.string().max(32).optional().describe('Tasks that run, of all. Example: `4/4`.'),
    lag: z
      .int()
      .optional()
      .describe('Records not yet processed, to two digits; renewed at most every 30 s.'),
    deadLettered: z.int().optional().describe('Records set aside since the present pods started.'),
    skipped: z.int().optional().describe('Records dropped since the present pods started.'),
    lost: z
      .int()
      .optional()
      .describe(
        'Offsets of records that were removed from inputs before they were read, since the present pods started.',
      ),
    topics: z
      .array(
        z.strictObject({
          name: z.string().max(249).describe('Topic in Kafka.'),
          role: z.enum(['Input', 'Output', 'DeadLetter']).describe('What the job does with it.'),
          ready: z.boolean().describe('Whether it exists and its Topic object, if any, is ready.'),
        }),
      )
      .max(130)
      .meta({ 'x-kubernetes-list-type': 'atomic' })
      .optional()
      .describe('The topics that the job waits for.'),
    internalTopics: z
      .array(z.string().max(249))
      .max(200)
      .meta({ 'x-kubernetes-list-type': 'set' })
      .optional()
      .describe(
        'Topics that the job has made for itself; deletionPolicy decides what becomes of them.',
      ),
    lastError: z
      .strictObject({
        reason: z.string().max(128).describe('One word.'),
        message: z.string().max(1024).describe('What the pod said.'),
      })
      .optional()
      .describe('Why a pod last failed; gone once all is well.'),
    conditions: conditionsSchema.optional(),
  })
  .describe('The job as it is.')
