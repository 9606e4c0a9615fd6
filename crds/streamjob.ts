import { z } from 'zod'
import { duration, MAX_APPLICATION_ID, topicName } from './fields.ts'
import { kafka } from './kafka.ts'
import { code, input, output, topicsOfOutput } from './pipeline.ts'
import { withRules } from './rule.ts'
import { step } from './step.ts'
import { streamJobStatus } from './streamjob-status.ts'

const quantity = () =>
  z.union([z.int(), z.string().max(64)]).meta({ 'x-kubernetes-int-or-string': true })

const amounts = (what: string) =>
  z
    .strictObject({
      cpu: quantity().optional().describe('Cores. Example: `500m`.'),
      memory: quantity().optional().describe('Bytes. Example: `512Mi`.'),
    })
    .describe(what)

const spec = withRules(
  z.strictObject({
    applicationId: z
      .string()
      .min(1)
      .max(MAX_APPLICATION_ID)
      .regex(/^[a-zA-Z0-9._-]+$/)
      .optional()
      .describe(
        'Consumer group of the job and prefix of its internal topics. Default: `<namespace>.<name>`. Cannot change.',
      ),
    kafka: kafka(),
    inputs: z
      .array(input)
      .min(1)
      .max(64)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .describe('What the job reads.'),
    steps: z
      .array(step)
      .min(1)
      .max(128)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .optional()
      .describe('What the job does, in any order. Exactly one of `steps` and `code` is given.'),
    code: code.optional(),
    outputs: z
      .array(output)
      .max(64)
      .default([])
      .meta({ 'x-kubernetes-list-type': 'atomic' })
      .describe(
        'What the job writes. In a TypeScript job, topics are written by `.to(topic)`; list them here so that the job waits for them.',
      ),
    replicas: z
      .int()
      .min(0)
      .max(500)
      .default(1)
      .describe('Pods. More pods than the inputs have partitions stay idle.'),
    threads: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        'Threads of each pod, each with its own share of the tasks. Give a pod one core a thread by `resources.requests.cpu`, and about 100 MiB of memory a thread beside its state. Threads beyond the partitions of the inputs stay idle.',
      ),
    suspend: z
      .boolean()
      .default(false)
      .describe('True stops the job: no pods; offsets and state are kept. Wins over `replicas`.'),
    onError: z
      .enum(['Fail', 'Skip', 'DeadLetter'])
      .default('Fail')
      .describe(
        'What becomes of a record that cannot be processed: `Fail` stops the job at it, `Skip` drops and counts it, `DeadLetter` writes it to a topic with where it came from and why.',
      ),
    deadLetterTopic: topicName()
      .optional()
      .describe(
        'Topic for dead letters; it must exist. Default: `<applicationId>-dead-letters`, created by the job.',
      ),
    onDataLoss: z
      .enum(['Fail', 'Continue'])
      .default('Fail')
      .describe(
        'What the job does when retention or a deletion has removed records of an input that it has not read, or a changelog with its state: `Fail` stops it, `Continue` goes on at the first record left and counts the others, or with the state that is left. Never done unseen: see the condition `DataLoss`.',
      ),
    time: z
      .strictObject({
        idleAfter: duration()
          .optional()
          .describe(
            'Once all partitions that a task reads have had nothing for so long, stream time goes on with the clock, so that windows close. Records that come later with earlier times may then be too late. Unset: time stands still until a record comes.',
          ),
      })
      .optional()
      .describe('What windows go by.'),
    internalTopics: z
      .strictObject({
        replicationFactor: z
          .int()
          .min(1)
          .max(100)
          .optional()
          .describe('Copies of each partition. Unset: the broker decides.'),
      })
      .optional()
      .describe('The repartition and changelog topics that the job creates for itself.'),
    state: z
      .strictObject({
        standbyReplicas: z
          .int()
          .min(0)
          .max(10)
          .default(0)
          .describe(
            'Copies of the state of each task, each in another pod, beside that of the task itself. Whoever has one takes the task over with next to nothing to read. Each copy takes as much memory as the state.',
          ),
        acceptableRecoveryLag: z
          .int()
          .min(0)
          .default(10_000)
          .describe(
            'A pod that has to read no more records of a changelog than this may take its task at once.',
          ),
        maxWarmupReplicas: z
          .int()
          .min(1)
          .max(500)
          .default(2)
          .describe(
            'How many tasks at a time warm up in a pod that they are to move to, while they run where they are.',
          ),
      })
      .optional()
      .describe('Where state is kept, and when a task with state moves from one pod to another.'),
    compression: z
      .enum(['None', 'Gzip', 'Snappy', 'Lz4', 'Zstd'])
      .default('None')
      .describe(
        'Codec of the record batches that the job writes, into its internal topics as well. `Lz4` costs little CPU and suits most; `Zstd` is smallest. A topic with a `compression.type` of its own has the broker compress again.',
      ),
    guarantee: z
      .enum(['AtLeastOnce', 'ExactlyOnce'])
      .default('AtLeastOnce')
      .describe(
        'What a crash may do: under `AtLeastOnce` records are processed again and their outputs come twice, under `ExactlyOnce` outputs, state and offsets take effect together, in transactions. Readers of the outputs must read committed records only.',
      ),
    commitInterval: duration()
      .optional()
      .describe(
        'How often offsets and changed state are committed. Shorter: less is repeated after a crash. Under `ExactlyOnce` outputs are seen so late. Default: `1s`, under `ExactlyOnce` `100ms`.',
      ),
    image: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe('Image of the pods. Default: the image of the operator.'),
    imagePullPolicy: z
      .enum(['Always', 'IfNotPresent', 'Never'])
      .default('IfNotPresent')
      .describe('When the image is pulled.'),
    resources: z
      .strictObject({
        requests: amounts('What a pod is guaranteed.').optional(),
        limits: amounts(
          'What a pod may use at most. The heap is sized by the memory limit.',
        ).optional(),
      })
      .optional()
      .describe('Resources of each pod.'),
    upgrade: z
      .strictObject({
        allowStateLossOf: z
          .array(z.string().min(1).max(127))
          .max(64)
          .meta({ 'x-kubernetes-list-type': 'set' })
          .optional()
          .describe(
            'Stores, or repartition topics, that a change of the spec may leave behind, by the names that the condition `Accepted` gives.',
          ),
      })
      .optional()
      .describe('How a changed spec takes the place of the one that ran.'),
    deletionPolicy: z
      .enum(['Retain', 'Delete'])
      .default('Retain')
      .describe(
        'What becomes of the internal topics and the consumer group when the job is deleted. Inputs and outputs are never touched.',
      ),
  }),
  [
    {
      cel: 'has(self.steps) != has(self.code)',
      message: 'write exactly one of steps and code',
      holds: (self) => (self.steps === undefined) !== (self.code === undefined),
    },
    {
      cel: '!has(self.steps) || size(self.outputs) > 0',
      message: 'a job with steps has at least one output: write outputs: [{from: …, topic: …}]',
      holds: (self) => self.steps === undefined || self.outputs.length > 0,
      fieldPath: '.outputs',
    },
    {
      cel: 'self.outputs.all(o, has(o.from) == has(self.steps))',
      message:
        'with steps each output says whose records it takes: write from; with code it cannot: leave from out',
      holds: (self) =>
        self.outputs.every(({ from }) => (from === undefined) === (self.steps === undefined)),
      fieldPath: '.outputs',
    },
    {
      cel: 'has(self.steps) || self.outputs.all(o, !has(o.topicFrom))',
      message:
        'with code, .toOneOf(topics, …) chooses the topic: leave topicFrom out and list each topic as an output',
      holds: (self) =>
        self.steps !== undefined || self.outputs.every(({ topicFrom }) => topicFrom === undefined),
      fieldPath: '.outputs',
    },
    {
      cel: "has(self.steps) || self.inputs.all(i, i.as == 'Stream')",
      message: 'with code, table(input) and globalTable(input) make tables of inputs: leave as out',
      holds: (self) => self.steps !== undefined || self.inputs.every(({ as }) => as === 'Stream'),
      fieldPath: '.inputs',
    },
    {
      cel: 'self.outputs.map(o, has(o.topics) ? size(o.topics) : 1).sum() <= 64',
      message: 'the outputs have at most 64 topics in all',
      holds: (self) => self.outputs.flatMap(topicsOfOutput).length <= 64,
      fieldPath: '.outputs',
    },
    {
      cel: 'self.inputs.all(i, self.inputs.exists_one(j, j.topic == i.topic))',
      message: 'two inputs read one topic: keep one, from which several steps may take',
      holds: (self) => new Set(self.inputs.map(({ topic }) => topic)).size === self.inputs.length,
      fieldPath: '.inputs',
    },
    {
      cel: '!has(self.steps) || self.steps.all(s, !self.inputs.exists(i, i.name == s.name))',
      message: 'a step bears the name of an input: choose another',
      holds: (self) => !(self.steps ?? []).some((s) => self.inputs.some((i) => i.name === s.name)),
      fieldPath: '.steps',
    },
    {
      cel: "!has(self.deadLetterTopic) || self.onError == 'DeadLetter'",
      message: 'deadLetterTopic needs onError: DeadLetter',
      holds: (self) => self.deadLetterTopic === undefined || self.onError === 'DeadLetter',
      fieldPath: '.deadLetterTopic',
    },
    {
      cel: 'has(self.applicationId) == has(oldSelf.applicationId) && (!has(self.applicationId) || self.applicationId == oldSelf.applicationId)',
      message:
        'applicationId cannot change: the job would lose its offsets and state; create another StreamJob',
      holds: (self, old) => old === undefined || self.applicationId === old.applicationId,
      fieldPath: '.applicationId',
    },
  ],
).describe('The job as it should be.')

export const streamJobSchema = z.strictObject({
  apiVersion: z.literal('millrace.dev/v1alpha1'),
  kind: z.literal('StreamJob'),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  spec,
  status: streamJobStatus.optional(),
})

export const streamJobParts = { spec, status: streamJobStatus }
export type StreamJobSpec = z.output<typeof spec>
export type StreamJobStatus = z.output<typeof streamJobStatus>
export type StreamJobStep = z.output<typeof step>
