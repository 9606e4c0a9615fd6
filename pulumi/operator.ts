import * as pulumi from '@pulumi/pulumi'
import { chartRelease } from './chart-release.ts'
import type { ImageConfig } from './config.ts'

export interface OperatorArgs {
  readonly namespace: pulumi.Input<string>
  /** Namespaces whose jobs it runs; empty: all. */
  readonly watchNamespaces: pulumi.Input<pulumi.Input<string>[]>
  readonly imageRegistry?: pulumi.Input<string>
  readonly image?: pulumi.Input<ImageConfig>
}

/** The operator with its CRDs, which Helm creates before anything else of the chart. */
export class Operator extends pulumi.ComponentResource {
  constructor(name: string, args: OperatorArgs, options?: pulumi.ComponentResourceOptions) {
    super('millrace:operator:Operator', name, args, options)
    chartRelease(
      name,
      {
        chart: 'millrace',
        namespace: args.namespace,
        values: {
          fullnameOverride: name,
          global: { imageRegistry: args.imageRegistry ?? '' },
          image: args.image ?? {},
          watchNamespaces: args.watchNamespaces,
        },
      },
      { parent: this },
    )
    this.registerOutputs({})
  }
}
