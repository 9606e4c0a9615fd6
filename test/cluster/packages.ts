import { command, hasCommand, tryCommand } from '../support/command.ts'

/** Debian packages by the program that tells whether they are there. */
const packages = {
  etcd: 'etcd-server',
  containerd: 'containerd',
  runc: 'runc',
  buildah: 'buildah',
  debootstrap: 'debootstrap',
  iptables: 'iptables',
  ip: 'iproute2',
  kcat: 'kcat',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
} as const

export type Program = keyof typeof packages

/** Installs what is missing of these, where that is possible. Returns why it is not. */
export async function ensurePrograms(
  programs: readonly Program[],
  log: (line: string) => void,
): Promise<string | undefined> {
  const missing = await missingOf(programs)
  if (missing.length === 0) return undefined
  const names = missing.map((program) => packages[program])
  if (process.getuid?.() !== 0 || !(await hasCommand('apt-get'))) {
    return `needs ${names.join(', ')} (Debian packages; installing them needs root and apt-get)`
  }
  log(`installing ${names.join(', ')}`)
  await tryCommand(['apt-get', 'update', '-q'])
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await command(['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...names], { env })
  return undefined
}

async function missingOf(programs: readonly Program[]): Promise<Program[]> {
  const present = await Promise.all(programs.map((program) => hasCommand(program)))
  return programs.filter((_, index) => present[index] !== true)
}
