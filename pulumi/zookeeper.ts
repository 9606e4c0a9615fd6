import * as pulumi from '@pulumi/pulumi'
import { chartRelease } from './chart-release.ts'
import type { ImageConfig } from './config.ts'

export interface ZooKeeperArgs {
  readonly namespace: pulumi.Input<string>
  /** An odd number. */
  readonly servers: pulumi.Input<number>
  readonly persistence: pulumi.Input<boolean>
  readonly imageRegistry?: pulumi.Input<string>
  readonly image?: pulumi.Input<ImageConfig>
}

/** The ensemble that Kafka keeps its metadata in. */
export class ZooKeeper extends pulumi.ComponentResource {
  /** `host:port` for brokers in any namespace. */
  readonly connect: pulumi.Output<string>

  constructor(name: string, args: ZooKeeperArgs, options?: pulumi.ComponentResourceOptions) {
    super('millrace:kafka:ZooKeeper', name, args, options)
    chartRelease(
      name,
      {
        chart: 'zookeeper',
        namespace: args.namespace,
        values: {
          fullnameOverride: name,
          global: { imageRegistry: args.imageRegistry ?? '' },
          image: args.image ?? {},
          replicas: args.servers,
          persistence: { enabled: args.persistence },
        },
      },
      { parent: this },
    )
    this.connect = pulumi.interpolate`${name}.${args.namespace}:2181`
    this.registerOutputs({ connect: this.connect })
  }
}
