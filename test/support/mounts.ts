import { spawnSync } from 'node:child_process'

const UNSHARE = ['unshare', '--mount', '--map-root-user']

/** The command that runs what follows in a mount namespace of its own, so that nobody else sees what is mounted at `path`. */
export const mounting = (what: string, path: string): readonly string[] => [
  ...UNSHARE,
  ...['sh', '-c', `mount ${what} "$0" && exec "$@"`, path],
]

/** Options of `mount` for an empty disk, such as of `size=16k`. */
export const disk = (options: string): string => `-t tmpfs -o ${options} disk`

/** Why no process here can have mounts of its own, or undefined if one can. */
export function missingForMounts(): string | undefined {
  const [program = '', ...args] = UNSHARE
  const { status } = spawnSync(program, [...args, 'true'])
  return status === 0 ? undefined : 'unshare --mount is not allowed here'
}
