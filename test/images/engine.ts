import { rmSync } from 'node:fs'
import { command, hasCommand, tryCommand } from '../support/command.ts'

/** What docker, podman and buildah have in common for us. */
export interface ImageEngine {
  readonly name: string
  has(image: string): Promise<boolean>
  pull(image: string): Promise<boolean>
  build(options: BuildOptions): Promise<void>
  /** Writes the image to an archive that container runtimes import. */
  save(image: string, archive: string): Promise<void>
}

export interface BuildOptions {
  readonly image: string
  readonly dockerfile: string
  readonly context: string
  readonly args?: Readonly<Record<string, string>>
}

const docker = (name: 'docker' | 'podman'): ImageEngine => ({
  name,
  has: async (image) => (await tryCommand([name, 'image', 'inspect', image])).code === 0,
  pull: async (image) => (await tryCommand([name, 'pull', '-q', image])).code === 0,
  async build({ image, dockerfile, context, args = {} }) {
    await command([name, 'build', '-q', '-t', image, '-f', dockerfile, ...buildArgs(args), context])
  },
  async save(image, archive) {
    rmSync(archive, { force: true })
    await command([name, 'save', '-o', archive, image])
  },
})

const buildah: ImageEngine = {
  name: 'buildah',
  has: async (image) =>
    (await tryCommand(['buildah', 'inspect', '--type=image', image])).code === 0,
  pull: async (image) => (await tryCommand(['buildah', 'pull', '-q', image])).code === 0,
  async build({ image, dockerfile, context, args = {} }) {
    await command([
      'buildah',
      'bud',
      '-q',
      '-t',
      image,
      '-f',
      dockerfile,
      ...buildArgs(args),
      context,
    ])
  },
  async save(image, archive) {
    rmSync(archive, { force: true })
    await command(['buildah', 'push', '-q', image, `docker-archive:${archive}:${image}`])
  },
}

const buildArgs = (args: Readonly<Record<string, string>>) =>
  Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])

/** The first of docker, podman and buildah that is installed and answers. */
export async function imageEngine(): Promise<ImageEngine | undefined> {
  for (const name of ['docker', 'podman'] as const) {
    if ((await hasCommand(name)) && (await tryCommand([name, 'info'])).code === 0)
      return docker(name)
  }
  return (await hasCommand('buildah')) ? buildah : undefined
}
