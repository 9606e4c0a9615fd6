import type { z } from 'zod'
import { streamJobParts } from './streamjob.ts'
import { structural } from './structural.ts'
import { topicParts } from './topic.ts'

export const GROUP = 'millrace.dev'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`

interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly jsonPath: string
  readonly priority?: number
}

export interface Kind {
  readonly kind: string
  readonly plural: string
  readonly shortName: string
  readonly description: string
  readonly spec: z.ZodType
  readonly status: z.ZodType
  readonly scale: boolean
  readonly columns: readonly PrinterColumn[]
}

const condition = (type: string, field: string) =>
  `.status.conditions[?(@.type=="${type}")].${field}`

const ready: PrinterColumn = {
  name: 'Ready',
  type: 'string',
  jsonPath: condition('Ready', 'status'),
}
const reason: PrinterColumn = {
  name: 'Reason',
  type: 'string',
  jsonPath: condition('Ready', 'reason'),
}
const message: PrinterColumn = {
  name: 'Message',
  type: 'string',
  jsonPath: condition('Ready', 'message'),
  priority: 1,
}
const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

export const kinds: readonly Kind[] = [
  {
    kind: 'StreamJob',
    plural: 'streamjobs',
    shortName: 'sj',
    description: 'A stream-processing job: reads topics, processes each record, writes topics.',
    ...streamJobParts,
    scale: true,
    columns: [
      ready,
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Replicas', type: 'integer', jsonPath: '.status.replicas' },
      { name: 'Tasks', type: 'string', jsonPath: '.status.tasks' },
      { name: 'Lag', type: 'integer', jsonPath: '.status.lag' },
      reason,
      age,
      { name: 'ApplicationId', type: 'string', jsonPath: '.status.applicationId', priority: 1 },
      message,
    ],
  },
  {
    kind: 'Topic',
    plural: 'topics',
    shortName: 'mtopic',
    description: 'A Kafka topic: created, grown and configured as its spec says.',
    ...topicParts,
    scale: false,
    columns: [
      ready,
      { name: 'Topic', type: 'string', jsonPath: '.status.topicName' },
      { name: 'Partitions', type: 'integer', jsonPath: '.status.partitions' },
      { name: 'Replication', type: 'integer', jsonPath: '.status.replicationFactor' },
      reason,
      age,
      { name: 'Origin', type: 'string', jsonPath: '.status.origin', priority: 1 },
      message,
    ],
  },
]

export function customResourceDefinition(definition: Kind) {
  const { kind, plural, shortName } = definition
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['millrace'],
      },
      versions: [version(definition)],
    },
  }
}

const version = ({ description, columns, spec, status, scale }: Kind) => ({
  name: VERSION,
  served: true,
  storage: true,
  subresources: { status: {}, ...(scale ? { scale: scaleSubresource } : {}) },
  additionalPrinterColumns: columns,
  schema: {
    openAPIV3Schema: {
      type: 'object',
      description,
      required: ['spec'],
      ...nameRule,
      properties: { spec: structural(spec), status: structural(status) },
    },
  },
})

const scaleSubresource = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.selector',
}

/** Pods add an ordinal and a StatefulSet a revision hash to the name, and the result must fit a label. */
export const MAX_OBJECT_NAME = 50

const nameRule = {
  'x-kubernetes-validations': [
    {
      rule: `size(self.metadata.name) <= ${MAX_OBJECT_NAME}`,
      message: `metadata.name has at most ${MAX_OBJECT_NAME} characters: names of pods are made from it`,
    },
  ],
}
