import { readFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { helmBinary, helmEnv } from '../charts/helm.ts'
import {
  type Cluster,
  clusterIsUp,
  missingForCluster,
  startCluster,
  stopCluster,
} from '../cluster/cluster.ts'
import { buildImages, type Images, missingForImages } from '../images/images.ts'
import { command, type CommandResult, tryCommand } from '../support/command.ts'

/** Millrace and a Kafka in a real cluster, as a user would install them. */
export interface Platform {
  readonly cluster: Cluster
  kubectl(args: readonly string[], input?: string): Promise<string>
  tryKubectl(args: readonly string[]): Promise<CommandResult>
  /** Runs a command of `driver/main.ts` in a pod. */
  drive<T>(...args: readonly (string | number)[]): Promise<T>
  remove(): Promise<void>
}

export const NAMESPACE = 'flows'

/** Why this cannot be done here; undefined when it can. */
export async function missingForPlatform(): Promise<string | undefined> {
  return (await missingForCluster()) ?? missingForImages()
}

export async function installPlatform(log: (line: string) => void): Promise<Platform> {
  const images = await buildImages(log)
  const wasUp = await clusterIsUp()
  const cluster = await startCluster(log)
  for (const { archive } of [images.kafka, images.millrace]) await cluster.loadImage(archive)
  const argv = [...cluster.enter, ...cluster.kubectl, '--namespace', NAMESPACE]
  const kubectl: Platform['kubectl'] = (args, input) =>
    command([...argv, ...args], input === undefined ? {} : { input })
  const remove = async () => {
    if (!wasUp) return stopCluster()
    // While the operator is still there to take its finalizers away.
    await kubectl(['delete', 'streamjobs,topics', '--all'])
    await kubectl(['delete', 'namespace', NAMESPACE])
    await kubectl(['delete', '-f', 'crds/'])
  }
  try {
    await kubectl(['apply', '-f', '-'], stringify(namespace))
    await installCharts(cluster, images, log)
    await kubectl(['apply', '-f', '-'], driver(images.millrace.image))
    await kubectl(['wait', '--for=condition=Ready', 'pod/driver', '--timeout=120s'])
  } catch (error) {
    // The next run must find the cluster as this one did.
    await remove().catch((e: unknown) => log(`could not clean up: ${String(e)}`))
    throw error
  }
  return {
    cluster,
    kubectl,
    tryKubectl: (args) => tryCommand([...argv, ...args]),
    async drive<T>(...args: readonly (string | number)[]) {
      const run = ['node', '/opt/millrace/driver/main.ts', ...args.map(String)]
      return JSON.parse(await kubectl(['exec', 'driver', '--', ...run])) as T
    },
    remove,
  }
}

/** Nothing that breaks the restricted Pod Security Standard runs here. */
const namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
}

async function installCharts(
  cluster: Cluster,
  images: Images,
  log: (line: string) => void,
): Promise<void> {
  const helm = await helmBinary({ log })
  const flags = [
    '--namespace',
    NAMESPACE,
    '--kubeconfig',
    cluster.kubeconfig,
    '--wait',
    '--timeout',
    '5m',
  ]
  const install = async (chart: string, image: string, ...values: string[]) => {
    log(`helm install ${chart}`)
    const sets = [`image.repository=${image.split(':')[0]}`, ...values].flatMap((v) => ['--set', v])
    await command(
      [...cluster.enter, helm, 'install', chart, `charts/${chart}`, ...flags, ...sets],
      {
        env: helmEnv(),
      },
    )
  }
  await install('zookeeper', images.kafka.image)
  await install('kafka', images.kafka.image, 'persistence.enabled=true')
  await install('millrace', images.millrace.image)
}

const FILES = ['main.ts', 'payments.ts'] as const

/** In the image's own folder, so that it finds the image's kafkajs. */
const driver = (image: string): string =>
  [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'driver' },
      data: Object.fromEntries(
        FILES.map((file) => [file, readFileSync(`test/e2e/driver/${file}`, 'utf8')]),
      ),
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'driver' },
      spec: {
        terminationGracePeriodSeconds: 0,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'driver',
            image,
            command: ['node', '-e', 'setInterval(() => undefined, 60_000)'],
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            volumeMounts: [{ name: 'driver', mountPath: '/opt/millrace/driver' }],
          },
        ],
        volumes: [{ name: 'driver', configMap: { name: 'driver' } }],
      },
    },
  ]
    .map((object) => stringify(object))
    .join('---\n')
