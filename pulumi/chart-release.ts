import * as k8s from '@pulumi/kubernetes'
import type * as pulumi from '@pulumi/pulumi'

export interface ChartReleaseArgs {
  readonly chart: 'zookeeper' | 'kafka' | 'millrace'
  readonly namespace: pulumi.Input<string>
  readonly values: pulumi.Inputs
}

/**
 * Installs one of our charts as `helm install` would.
 *
 * A Release and not a `helm.v4.Chart`, which renders the templates and makes every object Pulumi's own: with a Release
 * the charts behave as their documentation says. CRDs stay when the stack is destroyed, `lookup` sees the cluster and
 * guards the size of a running ensemble, and `helm list`, `helm history` and `helm rollback` work. Helm waits until the
 * pods are ready, so whatever depends on a release starts on something that serves. The price: a preview shows values,
 * not objects.
 */
export function chartRelease(
  name: string,
  { chart, namespace, values }: ChartReleaseArgs,
  options: pulumi.CustomResourceOptions,
): k8s.helm.v3.Release {
  return new k8s.helm.v3.Release(
    name,
    {
      // Relative to this folder, where Pulumi runs the program: an absolute path would differ from machine to machine.
      chart: `../charts/${chart}`,
      // Services are named after the release, so it must not get Pulumi's random suffix.
      name,
      namespace,
      values,
      atomic: true,
      timeout: 600,
    },
    options,
  )
}
