import * as k8s from '@pulumi/kubernetes'
import * as pulumi from '@pulumi/pulumi'
import type { Manifest } from './manifests.ts'

export interface ExampleArgs {
  readonly namespace: pulumi.Input<string>
  readonly bootstrapServers: pulumi.Input<string[]>
  /** Topics before the jobs that use them. */
  readonly manifests: readonly Manifest[]
}

/** The manifests of an example, on the Kafka of this stack. */
export class Example extends pulumi.ComponentResource {
  /** Names of its StreamJobs. */
  readonly jobs: readonly string[]

  constructor(name: string, args: ExampleArgs, options?: pulumi.ComponentResourceOptions) {
    super('millrace:example:Example', name, args, options)
    const topics = args.manifests
      .filter(({ kind }) => kind === 'Topic')
      .map((manifest) => this.#apply(manifest, args, []))
    const jobs = args.manifests.filter(({ kind }) => kind === 'StreamJob')
    // Jobs could wait for their topics by themselves; the order matters on the way back, when jobs must go first.
    for (const job of jobs) this.#apply(job, args, topics)
    this.jobs = jobs.map(({ metadata }) => metadata.name)
    this.registerOutputs({ jobs: this.jobs })
  }

  #apply(
    { apiVersion, kind, metadata, spec }: Manifest,
    { namespace, bootstrapServers }: ExampleArgs,
    dependsOn: readonly pulumi.Resource[],
  ): pulumi.Resource {
    return new k8s.apiextensions.CustomResource(
      `${kind.toLowerCase()}-${metadata.name}`,
      {
        apiVersion,
        kind,
        metadata: {
          ...metadata,
          namespace,
          // `pulumi up` ends when the job runs, not when the API server has heard of it.
          annotations: { ...metadata.annotations, 'pulumi.com/waitFor': 'condition=Ready' },
        },
        spec: { ...spec, kafka: { ...(spec.kafka as object), bootstrapServers } },
      },
      { parent: this, dependsOn: [...dependsOn] },
    )
  }
}
