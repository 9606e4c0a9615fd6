import { badJoins } from './bad-joins.ts'
import { badLogins } from './bad-logins.ts'
import { goodJob, goodTopic, input, kafka } from './good-manifests.ts'

/** Manifests that must be refused at apply, each with what the answer must say. */
export interface BadManifest {
  readonly sentence: string
  readonly kind: 'StreamJob' | 'Topic'
  readonly spec: unknown
  /** The spec before; present when the refusal is about a change. */
  readonly before?: unknown
  readonly name?: string
  readonly says: RegExp
}

const step = (fields: object) => ({ ...goodJob, steps: [{ name: 'large', from: 'in', ...fields }] })
const windowed = (window: object) => step({ groupBy: 'key', aggregate: { n: 'count()' }, window })

export const badManifests: readonly BadManifest[] = [
  ...badJoins,
  ...badLogins,
  {
    sentence: 'a job without inputs',
    kind: 'StreamJob',
    spec: { ...goodJob, inputs: [] },
    says: /inputs/,
  },
  {
    sentence: 'a job without Kafka',
    kind: 'StreamJob',
    spec: { ...goodJob, kafka: undefined },
    says: /kafka/,
  },
  {
    sentence: 'a bootstrap server without a port',
    kind: 'StreamJob',
    spec: { ...goodJob, kafka: { bootstrapServers: ['kafka'] } },
    says: /bootstrapServers/,
  },
  {
    sentence: 'a bootstrap server written as a URL',
    kind: 'Topic',
    spec: { kafka: { bootstrapServers: ['http://kafka:9092'] } },
    says: /bootstrapServers/,
  },
  {
    sentence: 'a job with both steps and code',
    kind: 'StreamJob',
    spec: { ...goodJob, code: { inline: 'x' } },
    says: /exactly one of steps and code/,
  },
  {
    sentence: 'a job with neither steps nor code',
    kind: 'StreamJob',
    spec: { ...goodJob, steps: undefined },
    says: /exactly one of steps and code/,
  },
  {
    sentence: 'an output of steps that takes from nothing',
    kind: 'StreamJob',
    spec: { ...goodJob, outputs: [{ topic: 'out' }] },
    says: /write from/,
  },
  {
    sentence: 'an output of a TypeScript job that takes from a step',
    kind: 'StreamJob',
    spec: { ...goodJob, steps: undefined, code: { inline: 'x' } },
    says: /leave from out/,
  },
  {
    sentence: 'a job with steps but no outputs',
    kind: 'StreamJob',
    spec: { ...goodJob, outputs: [] },
    says: /at least one output/,
  },
  {
    sentence: 'code from two places',
    kind: 'StreamJob',
    spec: { ...goodJob, steps: undefined, code: { inline: 'x', path: '/x.ts' } },
    says: /exactly one of inline, configMapRef and path/,
  },
  {
    sentence: 'a step that does nothing',
    kind: 'StreamJob',
    spec: step({}),
    says: /a step does something: write one of filter/,
  },
  {
    sentence: 'a step that takes from nothing',
    kind: 'StreamJob',
    spec: step({ from: undefined, keyBy: 'key' }),
    says: /exactly one of from and merge/,
  },
  {
    sentence: 'a step that both takes from one and merges',
    kind: 'StreamJob',
    spec: step({ merge: ['in', 'other'] }),
    says: /exactly one of from and merge/,
  },
  {
    sentence: 'a merge of one',
    kind: 'StreamJob',
    spec: step({ from: undefined, merge: ['in'] }),
    says: /merge.*at least 2/,
  },
  {
    sentence: 'groupBy without aggregate',
    kind: 'StreamJob',
    spec: step({ groupBy: 'key' }),
    says: /groupBy and aggregate go together/,
  },
  {
    sentence: 'aggregate without groupBy',
    kind: 'StreamJob',
    spec: step({ aggregate: { n: 'count()' } }),
    says: /groupBy and aggregate go together/,
  },
  {
    sentence: 'a window without an aggregate',
    kind: 'StreamJob',
    spec: step({ filter: 'true', window: { tumbling: '1m' } }),
    says: /a window is of an aggregate/,
  },
  {
    sentence: 'emit without an aggregate',
    kind: 'StreamJob',
    spec: step({ filter: 'true', emit: 'OnCommit' }),
    says: /emit is of an aggregate/,
  },
  {
    sentence: 'emit beside a window, which has its own',
    kind: 'StreamJob',
    spec: step({
      groupBy: 'key',
      aggregate: { n: 'count()' },
      emit: 'OnCommit',
      window: { tumbling: '1m' },
    }),
    says: /windows have their own emit/,
  },
  {
    sentence: 'a window of two kinds',
    kind: 'StreamJob',
    spec: windowed({ tumbling: '1m', session: '1m' }),
    says: /exactly one of tumbling, hopping, sliding, session/,
  },
  {
    sentence: 'a hopping window that does not say how often',
    kind: 'StreamJob',
    spec: windowed({ hopping: '1m' }),
    says: /hopping and every go together/,
  },
  {
    sentence: 'groupBy and map in one step',
    kind: 'StreamJob',
    spec: step({ groupBy: 'key', aggregate: { n: 'count()' }, map: { a: 'key' } }),
    says: /steps of their own/,
  },
  {
    sentence: 'groupBy and flatMap in one step',
    kind: 'StreamJob',
    spec: step({ groupBy: 'key', aggregate: { n: 'count()' }, flatMap: 'value.items' }),
    says: /steps of their own/,
  },
  {
    sentence: 'a flatMap that is no expression',
    kind: 'StreamJob',
    spec: step({ flatMap: ['value.items'] }),
    says: /flatMap.*string/,
  },
  {
    sentence: 'a filterNot without an expression',
    kind: 'StreamJob',
    spec: step({ filterNot: '' }),
    says: /filterNot/,
  },
  {
    sentence: 'a projection that both keeps and drops',
    kind: 'StreamJob',
    spec: step({ project: { keep: ['a'], drop: ['b'] } }),
    says: /exactly one of keep, drop and rename/,
  },
  {
    sentence: 'a projection of nothing',
    kind: 'StreamJob',
    spec: step({ project: {} }),
    says: /exactly one of keep, drop and rename/,
  },
  {
    sentence: 'a projection that keeps no field',
    kind: 'StreamJob',
    spec: step({ project: { keep: [] } }),
    says: /keep.*at least 1/,
  },
  {
    sentence: 'a repartition into no partition',
    kind: 'StreamJob',
    spec: step({ repartition: { partitions: 0 } }),
    says: /partitions.*greater than or equal to 1/,
  },
  {
    sentence: 'two branches of one name',
    kind: 'StreamJob',
    spec: step({ branches: [{ name: 'a', when: 'true' }, { name: 'a' }] }),
    says: /two branches have one name/,
  },
  {
    sentence: 'a branch that takes the others before the last',
    kind: 'StreamJob',
    spec: step({ branches: [{ name: 'a' }, { name: 'b', when: 'true' }] }),
    says: /once, as the last/,
  },
  {
    sentence: 'branches beside a filter',
    kind: 'StreamJob',
    spec: step({ branches: [{ name: 'a' }], filter: 'true' }),
    says: /has from and nothing else/,
  },
  {
    sentence: 'a branch with a dot in its name',
    kind: 'StreamJob',
    spec: step({ branches: [{ name: 'a.b' }] }),
    says: /branches.*name/,
  },
  {
    sentence: 'a step that takes from a branch of a branch',
    kind: 'StreamJob',
    spec: step({ from: 'a.b.c', keyBy: 'key' }),
    says: /from/,
  },
  {
    sentence: 'two steps of one name',
    kind: 'StreamJob',
    spec: { ...goodJob, steps: [...goodJob.steps, ...goodJob.steps] },
    says: /[Dd]uplicate/,
  },
  {
    sentence: 'a step that bears the name of an input',
    kind: 'StreamJob',
    spec: { ...goodJob, steps: [{ name: 'in', from: 'in', keyBy: 'key' }] },
    says: /bears the name of an input/,
  },
  {
    sentence: 'two inputs of one topic',
    kind: 'StreamJob',
    spec: {
      ...goodJob,
      inputs: [
        { name: 'in', topic: 'in' },
        { name: 'again', topic: 'in' },
      ],
    },
    says: /two inputs read one topic/,
  },
  {
    sentence: 'an output to nowhere',
    kind: 'StreamJob',
    spec: { ...goodJob, outputs: [{ from: 'large' }] },
    says: /exactly one of topic and topicFrom/,
  },
  {
    sentence: 'an output to a topic and by an expression',
    kind: 'StreamJob',
    spec: {
      ...goodJob,
      outputs: [{ from: 'large', topic: 'a', topicFrom: 'key', topics: ['a', 'b'] }],
    },
    says: /exactly one of topic and topicFrom/,
  },
  {
    sentence: 'an output by an expression that names no topics',
    kind: 'StreamJob',
    spec: { ...goodJob, outputs: [{ from: 'large', topicFrom: 'key' }] },
    says: /topicFrom chooses one of topics/,
  },
  {
    sentence: 'an output by an expression in a TypeScript job',
    kind: 'StreamJob',
    spec: {
      ...goodJob,
      steps: undefined,
      code: { inline: 'x' },
      outputs: [{ topicFrom: 'key', topics: ['a'] }],
    },
    says: /list each topic as an output/,
  },
  {
    sentence: 'more output topics than a job may have',
    kind: 'StreamJob',
    spec: {
      ...goodJob,
      outputs: [0, 1, 2].map((n) => ({
        from: 'large',
        topicFrom: 'key',
        topics: Array.from({ length: 32 }, (_, index) => `t-${n}-${index}`),
      })),
    },
    says: /at most 64 topics/,
  },
  {
    sentence: 'an unknown format',
    kind: 'StreamJob',
    spec: { ...goodJob, inputs: [{ name: 'in', topic: 'in', format: 'json' }] },
    says: /"Json", "String"/,
  },
  {
    sentence: 'an unknown format of keys',
    kind: 'StreamJob',
    spec: { ...goodJob, inputs: [{ name: 'in', topic: 'in', keyFormat: 'int64' }] },
    says: /keyFormat.*"Long"/s,
  },
  {
    sentence: 'a generator of numbers',
    kind: 'StreamJob',
    spec: {
      ...goodJob,
      inputs: [
        {
          name: 'in',
          topic: 'in',
          format: 'Int',
          generator: { recordsPerSecond: 1, value: { at: 'now' } },
        },
      ],
    },
    says: /format Json or String/,
  },
  {
    sentence: 'a table that is not read from its start',
    kind: 'StreamJob',
    spec: { ...goodJob, inputs: [{ ...input, as: 'Table', startFrom: 'Latest' }] },
    says: /a table is read from its start: leave startFrom out/,
  },
  {
    sentence: 'a global table that the job writes itself',
    kind: 'StreamJob',
    spec: {
      ...goodJob,
      inputs: [
        { ...input, as: 'GlobalTable', generator: { recordsPerSecond: 1, value: { at: 'now' } } },
      ],
    },
    says: /leave generator out/,
  },
  {
    sentence: 'a table in a TypeScript job, which says so itself',
    kind: 'StreamJob',
    spec: {
      kafka,
      inputs: [{ ...input, as: 'Table' }],
      code: { inline: 'x' },
      outputs: [{ topic: 'out' }],
    },
    says: /table\(input\) and globalTable\(input\).*leave as out/,
  },
  {
    sentence: 'negative replicas',
    kind: 'StreamJob',
    spec: { ...goodJob, replicas: -1 },
    says: /replicas.*greater than or equal to 0/,
  },
  {
    sentence: 'replicas as text',
    kind: 'StreamJob',
    spec: { ...goodJob, replicas: '3' },
    says: /replicas.*integer/,
  },
  {
    sentence: 'a pod without threads',
    kind: 'StreamJob',
    spec: { ...goodJob, threads: 0 },
    says: /threads.*greater than or equal to 1/,
  },
  {
    sentence: 'more threads than any machine has a use for',
    kind: 'StreamJob',
    spec: { ...goodJob, threads: 65 },
    says: /threads.*less than or equal to 64/,
  },
  {
    sentence: 'an unknown onError',
    kind: 'StreamJob',
    spec: { ...goodJob, onError: 'Ignore' },
    says: /"Fail", "Skip", "DeadLetter"/,
  },
  {
    sentence: 'a dead-letter topic without DeadLetter',
    kind: 'StreamJob',
    spec: { ...goodJob, deadLetterTopic: 'dlq' },
    says: /needs onError: DeadLetter/,
  },
  {
    sentence: "a codec by Kafka's name for it",
    kind: 'StreamJob',
    spec: { ...goodJob, compression: 'lz4' },
    says: /compression/,
  },
  {
    sentence: "a guarantee by Kafka Streams' name for it",
    kind: 'StreamJob',
    spec: { ...goodJob, guarantee: 'exactly_once_v2' },
    says: /guarantee/,
  },
  {
    sentence: 'a commit interval without a unit',
    kind: 'StreamJob',
    spec: { ...goodJob, commitInterval: '10' },
    says: /commitInterval/,
  },
  {
    sentence: 'a field that does not exist',
    kind: 'StreamJob',
    spec: { ...goodJob, inputTopics: ['in'] },
    says: /unknown field "spec.inputTopics"/,
  },
  {
    sentence: 'a change of the applicationId',
    kind: 'StreamJob',
    before: { ...goodJob, applicationId: 'a' },
    spec: { ...goodJob, applicationId: 'b' },
    says: /applicationId cannot change/,
  },
  {
    sentence: 'a name too long for pods',
    kind: 'StreamJob',
    name: 'a'.repeat(51),
    spec: goodJob,
    says: /at most 50 characters/,
  },
  {
    sentence: 'a topic name with a space',
    kind: 'Topic',
    spec: { ...goodTopic, topicName: 'my topic' },
    says: /topicName/,
  },
  {
    sentence: 'the topic name ".."',
    kind: 'Topic',
    spec: { ...goodTopic, topicName: '..' },
    says: /topicName cannot be/,
  },
  {
    sentence: "one of Kafka's own topics",
    kind: 'Topic',
    spec: { ...goodTopic, topicName: '__consumer_offsets' },
    says: /Kafka's own/,
  },
  {
    sentence: 'no partitions at all',
    kind: 'Topic',
    spec: { ...goodTopic, partitions: 0 },
    says: /partitions.*greater than or equal to 1/,
  },
  {
    sentence: 'fewer partitions than before',
    kind: 'Topic',
    before: goodTopic,
    spec: { ...goodTopic, partitions: 2 },
    says: /partitions cannot decrease/,
  },
  {
    sentence: 'another topic name than before',
    kind: 'Topic',
    before: { ...goodTopic, topicName: 'a' },
    spec: { ...goodTopic, topicName: 'b' },
    says: /topicName cannot change/,
  },
  {
    sentence: 'another Kafka than before',
    kind: 'Topic',
    before: goodTopic,
    spec: { ...goodTopic, kafka: { bootstrapServers: ['other:9092'] } },
    says: /kafka.bootstrapServers cannot change/,
  },
  {
    sentence: 'a config value that is not text',
    kind: 'Topic',
    spec: { ...goodTopic, config: { 'retention.ms': 1000 } },
    says: /config/,
  },
]
