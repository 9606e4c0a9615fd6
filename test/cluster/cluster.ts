import { join } from 'node:path'
import { cacheDir } from '../support/cache.ts'
import { command, hasCommand, tryCommand } from '../support/command.ts'
import {
  missingForSourceCluster,
  sourceClusterIsUp,
  startSourceCluster,
  stopSourceCluster,
} from './source-cluster.ts'

/** A Kubernetes cluster that tests may fill and empty. */
export interface Cluster {
  readonly name: string
  readonly kubeconfig: string
  /** The command line of kubectl for it. */
  readonly kubectl: readonly string[]
  /** Put before a command that talks to it. */
  readonly enter: readonly string[]
  /** Gives an image archive to the nodes. */
  loadImage(archive: string): Promise<void>
  /** Sends SIGKILL to the process of a container. */
  kill(containerId: string): Promise<void>
}

type Log = (line: string) => void

const NAME = 'millrace'

/** Why there can be no cluster here; undefined when there can. */
export async function missingForCluster(): Promise<string | undefined> {
  if (process.env.KUBECONFIG !== undefined || (await localTool()) !== undefined) return undefined
  return missingForSourceCluster()
}

/** KUBECONFIG's cluster if set, else one by kind or minikube, else one from source. */
export async function startCluster(log: Log): Promise<Cluster> {
  if (process.env.KUBECONFIG !== undefined) return givenCluster(process.env.KUBECONFIG)
  const tool = await localTool()
  return tool === undefined ? startSourceCluster(log) : startByTool(tool, log)
}

export async function clusterIsUp(): Promise<boolean> {
  if (process.env.KUBECONFIG !== undefined) return true
  const tool = await localTool()
  return tool === undefined ? sourceClusterIsUp() : tools[tool].isUp()
}

/** Ends what `startCluster` started; a cluster that KUBECONFIG names is nobody's to end. */
export async function stopCluster(): Promise<void> {
  if (process.env.KUBECONFIG !== undefined) return
  const tool = await localTool()
  if (tool === undefined) await stopSourceCluster()
  else await command([...tools[tool].stop])
}

interface Tool {
  readonly start: (kubeconfig: string) => readonly string[]
  readonly load: (archive: string) => readonly string[]
  /** Runs a command on the node. */
  readonly onNode: readonly string[]
  readonly stop: readonly string[]
  isUp(): Promise<boolean>
}

const tools = {
  kind: {
    start: (kubeconfig) => [
      'kind',
      'create',
      'cluster',
      '--name',
      NAME,
      '--kubeconfig',
      kubeconfig,
    ],
    load: (archive) => ['kind', 'load', 'image-archive', archive, '--name', NAME],
    onNode: ['docker', 'exec', `${NAME}-control-plane`],
    stop: ['kind', 'delete', 'cluster', '--name', NAME],
    isUp: async () =>
      (await tryCommand(['kind', 'get', 'clusters'])).stdout.split('\n').includes(NAME),
  },
  minikube: {
    start: () => ['minikube', 'start', '--profile', NAME],
    load: (archive) => ['minikube', '--profile', NAME, 'image', 'load', archive],
    onNode: ['minikube', '--profile', NAME, 'ssh', '--', 'sudo'],
    stop: ['minikube', 'delete', '--profile', NAME],
    isUp: async () => (await tryCommand(['minikube', 'status', '--profile', NAME])).code === 0,
  },
} satisfies Record<string, Tool>

async function localTool(): Promise<keyof typeof tools | undefined> {
  if (!(await hasCommand('docker')) && !(await hasCommand('podman'))) return undefined
  if (await hasCommand('kind')) return 'kind'
  return (await hasCommand('minikube')) ? 'minikube' : undefined
}

async function startByTool(name: keyof typeof tools, log: Log): Promise<Cluster> {
  const tool: Tool = tools[name]
  const kubeconfig = join(cacheDir, `${name}.kubeconfig`)
  const env = { ...process.env, KUBECONFIG: kubeconfig }
  if (!(await tool.isUp())) await command([...tool.start(kubeconfig)], { env, onLine: log })
  const loadImage = async (archive: string) =>
    void (await command([...tool.load(archive)], { env }))
  const kill = async (id: string) => void (await command([...tool.onNode, ...killInContainerd, id]))
  return { ...givenCluster(kubeconfig), name, loadImage, kill }
}

const killInContainerd = ['ctr', '-n', 'k8s.io', 'tasks', 'kill', '--signal', 'SIGKILL'] as const

const givenCluster = (kubeconfig: string): Cluster => ({
  name: `the cluster of ${kubeconfig}`,
  kubeconfig,
  kubectl: ['kubectl', '--kubeconfig', kubeconfig],
  enter: [],
  loadImage: (archive) =>
    Promise.reject(
      new Error(
        `cannot load ${archive} into a cluster that only KUBECONFIG tells of: push the images to its registry`,
      ),
    ),
  kill: () =>
    Promise.reject(new Error('cannot kill a process on a node that only KUBECONFIG tells of')),
})
