import { existsSync, readdirSync } from 'node:fs'
import { command, tryCommand } from '../support/command.ts'

/** Addresses that exist inside the cluster's network namespace only. */
export const network = {
  namespace: 'millrace-cluster',
  node: '10.213.0.1',
  dns: '10.213.0.10',
  services: '10.214.0.0/16',
  kubernetesService: '10.214.0.1',
  pods: '10.215.0.0/16',
} as const

const NETNS_DIR = '/run/netns'

/** Not `ip netns exec`: that mounts another /sys, which hides the cgroups. */
export const enter = ['nsenter', `--net=${NETNS_DIR}/${network.namespace}`, '--'] as const

/** Where the namespaces of this cluster's pods show up. */
export const podNamespaces = (): string[] =>
  existsSync(NETNS_DIR) ? readdirSync(NETNS_DIR).filter((name) => name.startsWith('cni-')) : []

/**
 * A namespace of its own with one interface, whose default route leads nowhere: no packet of a test leaves this machine.
 * A veth pair with both ends inside, because some kernels have no dummy device.
 */
export async function createNetwork(): Promise<void> {
  await command(['ip', 'netns', 'add', network.namespace])
  const inside = (...argv: string[]) => command([...enter, ...argv])
  await inside('ip', 'link', 'set', 'lo', 'up')
  await inside('ip', 'link', 'add', 'node0', 'type', 'veth', 'peer', 'name', 'node0p')
  await inside('ip', 'link', 'set', 'node0p', 'up')
  await inside('ip', 'address', 'add', `${network.node}/24`, 'dev', 'node0')
  await inside('ip', 'address', 'add', `${network.dns}/24`, 'dev', 'node0')
  await inside('ip', 'link', 'set', 'node0', 'up')
  await inside('ip', 'route', 'add', 'default', 'dev', 'node0')
  await inside('sysctl', '-qw', 'net.ipv4.ip_forward=1')
  // Absent where the bridge module is built without it; pods of one node then talk without iptables.
  await tryCommand([...enter, 'sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=1'])
}

/** Removes the namespace and those of pods that were not there `before`. */
export async function removeNetwork(before: readonly string[]): Promise<void> {
  const left = podNamespaces().filter((name) => !before.includes(name))
  for (const name of [...left, network.namespace]) await tryCommand(['ip', 'netns', 'del', name])
}
