import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir } from '../support/cache.ts'
import { command, tryCommand } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { kubernetesBinaries, missingForBinaries } from './binaries.ts'
import type { Cluster } from './cluster.ts'
import { Daemons } from './daemons.ts'
import { createNetwork, enter, network, podNamespaces, removeNetwork } from './network.ts'
import * as files from './node-files.ts'
import { ensurePrograms } from './packages.ts'
import { buildPauseImage } from './pause-image.ts'
import { kubeconfig, makePki, type Pki } from './pki.ts'

const dir = join(cacheDir, 'cluster')
/** Sockets: their paths must be short. */
const run = '/run/millrace-cluster'
const kubeconfigPath = join(dir, 'kubeconfig')
const foreignNamespaces = join(dir, 'foreign-namespaces.json')
const READY_MS = 90_000
const NODE_NAME = 'millrace'

/** Why there can be no such cluster here; undefined when there can. */
export async function missingForSourceCluster(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 'a cluster from source needs Linux and root'
  }
  const programs = ['etcd', 'containerd', 'runc', 'buildah', 'iptables', 'ip'] as const
  return (
    (await missingForBinaries()) ??
    (await ensurePrograms([...programs, '/usr/lib/cni/bridge'], console.log))
  )
}

export const sourceClusterIsUp = (): boolean =>
  existsSync(kubeconfigPath) && new Daemons(dir).isRunning('kubelet')

/** One-node Kubernetes from source-built programs, wholly inside a network namespace of its own. */
export async function startSourceCluster(log: (line: string) => void): Promise<Cluster> {
  const bin = await kubernetesBinaries(log)
  if (sourceClusterIsUp()) return sourceCluster(bin)
  // What a run that was killed has left behind.
  await stopSourceCluster()
  log('starting a one-node Kubernetes')
  await prepare()
  const daemons = new Daemons(dir)
  const start = (name: string, argv: readonly string[]) => daemons.start(name, [...enter, ...argv])
  const pki = await makePki(join(dir, 'pki'), [
    '127.0.0.1',
    network.node,
    network.kubernetesService,
  ])
  writeFileSync(kubeconfigPath, kubeconfig(`https://${network.node}:6443`, pki))
  const cluster = sourceCluster(bin)
  const up = (name: string, argv: readonly string[]) =>
    eventually(() => command([...enter, ...argv]), { timeoutMs: READY_MS, everyMs: 200 }).catch(
      (cause: unknown) => {
        throw new Error(`${name} did not come up: ${daemons.lastWords(name)}`, { cause })
      },
    )
  start('containerd', ['containerd', '-c', join(dir, 'containerd.toml')])
  startControlPlane(start, bin, pki)
  await up('apiserver', [...cluster.kubectl, 'get', '--raw', '/readyz'])
  await up('containerd', [...ctr, 'version'])
  await importImage(await buildPauseImage(bin))
  startNode(start, bin)
  await command([...enter, ...cluster.kubectl, 'apply', '-f', '-'], { input: files.storage(dir) })
  await up('kubelet', [...cluster.kubectl, 'wait', '--for=condition=Ready', 'node', NODE_NAME])
  log('the node is ready')
  return cluster
}

/** Ends all that `startSourceCluster` started, and whatever a killed run has left. */
export async function stopSourceCluster(): Promise<void> {
  const daemons = new Daemons(dir)
  await daemons.stop(['kubelet', 'coredns', 'proxy', 'scheduler', 'controllers', 'apiserver'])
  if (daemons.isRunning('containerd')) await endPods()
  await daemons.stop()
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${dir}/`) || path.startsWith(`${run}/`))
  for (const path of mounts.reverse()) await tryCommand(['umount', '-l', path])
  const foreign = existsSync(foreignNamespaces)
    ? (JSON.parse(readFileSync(foreignNamespaces, 'utf8')) as string[])
    : podNamespaces()
  await removeNetwork(foreign)
  rmSync(dir, { recursive: true, force: true })
  rmSync(run, { recursive: true, force: true })
}

const ctr = ['ctr', '-a', `${run}/containerd.sock`, '-n', 'k8s.io'] as const

const sourceCluster = (bin: string): Cluster => ({
  name: 'one node from source',
  kubeconfig: kubeconfigPath,
  kubectl: [join(bin, 'kubectl'), '--kubeconfig', kubeconfigPath],
  enter,
  loadImage: importImage,
  kill: async (id) => void (await command([...ctr, 'tasks', 'kill', '--signal', 'SIGKILL', id])),
})

async function importImage(archive: string): Promise<void> {
  await command([...ctr, 'images', 'import', archive])
}

async function prepare(): Promise<void> {
  for (const folder of ['pki', 'etcd', 'containerd', 'cni', 'kubelet']) {
    mkdirSync(join(dir, folder), { recursive: true })
  }
  mkdirSync(run, { recursive: true })
  writeFileSync(foreignNamespaces, JSON.stringify(podNamespaces()))
  for (const path of files.volumePaths(dir)) {
    mkdirSync(path, { recursive: true })
    // For any user that a pod may run as.
    await command(['chmod', '0777', path])
  }
  writeFileSync(join(dir, 'cni', '10-bridge.conflist'), files.cni())
  writeFileSync(join(dir, 'containerd.toml'), files.containerd(dir, run))
  writeFileSync(join(dir, 'kubelet.yaml'), files.kubelet(dir, run))
  writeFileSync(join(dir, 'resolv.conf'), files.resolvConf())
  writeFileSync(join(dir, 'Corefile'), files.corefile(kubeconfigPath))
  await createNetwork()
}

type Start = (name: string, argv: readonly string[]) => void

function startControlPlane(start: Start, bin: string, pki: Pki): void {
  start('etcd', ['etcd', '--data-dir', join(dir, 'etcd'), '--unsafe-no-fsync'])
  start('apiserver', [
    join(bin, 'kube-apiserver'),
    '--etcd-servers=http://127.0.0.1:2379',
    '--bind-address=0.0.0.0',
    `--advertise-address=${network.node}`,
    '--secure-port=6443',
    `--tls-cert-file=${pki.certificate}`,
    `--tls-private-key-file=${pki.key}`,
    `--client-ca-file=${pki.ca}`,
    `--token-auth-file=${pki.tokens}`,
    '--authorization-mode=RBAC',
    // Or logs and exec would look up the node's name.
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pki.serviceAccountKey}`,
    `--service-account-signing-key-file=${pki.serviceAccountKey}`,
    `--service-cluster-ip-range=${network.services}`,
    '--allow-privileged=true',
  ])
  start('controllers', [
    join(bin, 'kube-controller-manager'),
    `--kubeconfig=${kubeconfigPath}`,
    `--service-account-private-key-file=${pki.serviceAccountKey}`,
    `--root-ca-file=${pki.ca}`,
    '--use-service-account-credentials',
    '--leader-elect=false',
    `--cluster-cidr=${network.pods}`,
    '--allocate-node-cidrs=false',
  ])
  start('scheduler', [
    join(bin, 'kube-scheduler'),
    `--kubeconfig=${kubeconfigPath}`,
    '--leader-elect=false',
  ])
}

function startNode(start: Start, bin: string): void {
  start('kubelet', [
    join(bin, 'kubelet'),
    `--config=${join(dir, 'kubelet.yaml')}`,
    `--kubeconfig=${kubeconfigPath}`,
    `--root-dir=${join(dir, 'kubelet')}`,
    `--node-ip=${network.node}`,
    `--hostname-override=${NODE_NAME}`,
  ])
  start('proxy', [
    join(bin, 'kube-proxy'),
    `--kubeconfig=${kubeconfigPath}`,
    `--cluster-cidr=${network.pods}`,
    '--proxy-mode=iptables',
    `--hostname-override=${NODE_NAME}`,
    // 0: leave the host's own limits alone.
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0',
    '--conntrack-tcp-timeout-close-wait=0',
  ])
  start('coredns', [join(bin, 'coredns'), '-conf', join(dir, 'Corefile')])
}

async function endPods(): Promise<void> {
  const list = async (...argv: string[]) =>
    (await tryCommand([...ctr, ...argv])).stdout.split('\n').filter((id) => id !== '')
  for (const task of await list('tasks', 'ls', '-q')) {
    await tryCommand([...ctr, 'tasks', 'kill', '--signal', 'SIGKILL', task])
  }
  for (const container of await list('containers', 'ls', '-q')) {
    await tryCommand([...ctr, 'tasks', 'rm', '--force', container])
    await tryCommand([...ctr, 'containers', 'rm', container])
  }
}
