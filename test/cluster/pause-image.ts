import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../support/command.ts'
import { PAUSE_IMAGE } from './node-files.ts'

/** The image that holds a pod's namespaces open, beside the programs; returns its archive. */
export async function buildPauseImage(bin: string): Promise<string> {
  const archive = join(bin, 'pause.tar')
  if (existsSync(archive)) return archive
  const container = (await command(['buildah', 'from', 'scratch'])).trim()
  await command(['buildah', 'copy', '-q', container, join(bin, 'pause'), '/pause'])
  await command(['buildah', 'config', '--entrypoint', '["/pause"]', container])
  await command(['buildah', 'commit', '-q', container, PAUSE_IMAGE])
  await command(['buildah', 'push', '-q', PAUSE_IMAGE, `docker-archive:${archive}:${PAUSE_IMAGE}`])
  await command(['buildah', 'rm', container])
  return archive
}
