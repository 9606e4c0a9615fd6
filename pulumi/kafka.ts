import * as pulumi from '@pulumi/pulumi'
import { chartRelease } from './chart-release.ts'
import type { ImageConfig } from './config.ts'

export interface KafkaArgs {
  readonly namespace: pulumi.Input<string>
  readonly brokers: pulumi.Input<number>
  /** `host:port` of ZooKeeper. */
  readonly zookeeperConnect: pulumi.Input<string>
  readonly persistence: pulumi.Input<boolean>
  readonly imageRegistry?: pulumi.Input<string>
  readonly image?: pulumi.Input<ImageConfig>
}

export class Kafka extends pulumi.ComponentResource {
  /** For clients in any namespace of the cluster. */
  readonly bootstrapServers: pulumi.Output<string[]>

  constructor(name: string, args: KafkaArgs, options?: pulumi.ComponentResourceOptions) {
    super('millrace:kafka:Kafka', name, args, options)
    chartRelease(
      name,
      {
        chart: 'kafka',
        namespace: args.namespace,
        values: {
          fullnameOverride: name,
          global: { imageRegistry: args.imageRegistry ?? '' },
          image: args.image ?? {},
          replicas: args.brokers,
          zookeeper: { connect: args.zookeeperConnect },
          persistence: { enabled: args.persistence },
        },
      },
      { parent: this },
    )
    this.bootstrapServers = pulumi.all([pulumi.interpolate`${name}.${args.namespace}:9092`])
    this.registerOutputs({ bootstrapServers: this.bootstrapServers })
  }
}
